/** Files of the officer's desk and the patient's page: their shapes, and that nothing put into them becomes anything else. */
import { canonicalDigest } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { EXCLUSIONS } from '../../gateway/src/exports/disclosureAccounting.js';
import { PAGE_POLICY } from '../../gateway/src/exports/printedPage.js';
import { requireValidR4 } from '../../gateway/src/fhir/r4Validation.js';
import { OWN } from '../support/consentHospital.js';
import { BIOMEDICAL, DAY_MS } from '../support/consentOnChannel.js';
import { HOSTILE } from '../support/hostileTexts.js';
import { OfficerDesk } from '../support/officerDesk.js';

const CONTACT = {
  address: '1 Main Street',
  email: 'a@b.example',
  phone: '+1 555 0100',
  jurisdiction: 'USA',
  dataProtectionOfficer: 'Dr Officer',
  supervisoryAuthority: 'The authority',
};
const PATIENT = '<b>P-4711</b>';

let desk: OfficerDesk;
let ref: string;
beforeAll(async () => {
  desk = new OfficerDesk();
  await desk.start();
  await desk.publish({ title: '<i>Research</i> & you', retentionDays: 30 });
  const protocol = await desk.study();
  const orders = HOSTILE.map((text, k) => ({
    ...{ patient: PATIENT, kind: k === 0 ? 'grant' : 'change', reason: 'patient-asked', note: text },
    terms: [{ code: BIOMEDICAL }, { code: 'DUO:0000026', values: [text.slice(0, 100)] }],
  }));
  for (const order of orders)
    expect((await desk.as('data-steward').post('/consents/events?wait=commit', { orders: [order] })).status).toBe(201);
  await desk.as('data-steward').post('/consents/events?wait=commit', {
    orders: [{ patient: PATIENT, kind: 'change', reason: 'patient-asked', terms: [{ code: BIOMEDICAL }] }],
  });
  ref = desk.refOf(PATIENT);
  await desk.playRound(protocol, 1, [PATIENT]);
  const disclosed = { patient: PATIENT, resource: null };
  const said = (text: string) => ({ recipient: text, recipientAddress: text, description: text, purpose: text });
  for (const [k, text] of HOSTILE.entries())
    desk.hospital.store.recordDisclosure(
      { ...disclosed, at: desk.channel.now - k * DAY_MS, ...said(text), basis: text },
      { name: 'officer', role: 'compliance-officer' },
    );
  for (const [basis, years] of [
    ['authorization', 0],
    ['Treatment', 1],
    ['consent', 2],
    ['required by law', 7],
  ] as const)
    desk.hospital.store.recordDisclosure(
      {
        ...disclosed,
        at: desk.channel.now - years * 365 * DAY_MS,
        ...{ recipient: 'another hospital', recipientAddress: null, description: null, purpose: 'research', basis },
      },
      { name: 'officer', role: 'compliance-officer' },
    );
});
afterAll(() => desk.stop());

/** While the hospital's configuration says how to reach it. */
async function saying<T>(contact: Partial<typeof CONTACT>, ask: () => Promise<T>): Promise<T> {
  Object.assign(desk.api.contact, contact);
  try {
    return await ask();
  } finally {
    for (const name of Object.keys(contact)) delete desk.api.contact[name as keyof typeof CONTACT];
  }
}
const file = (name: string) => desk.as('patient-desk').get(`/consents/records/${ref}/files/${name}`);
const Time = z.iso.datetime();

describe('receipts', () => {
  const Receipt = z.strictObject({
    schema_version: z.literal('ISO/IEC TS 27560:2023'),
    record_id: z.string().regex(/^[0-9a-f]{32}-\d+$/),
    pii_principal_id: z.string().regex(/^[0-9a-f]{32}$/),
    receipt_id: z.string().regex(/^[0-9a-f]{64}$/),
    pii_processing: z.strictObject({
      privacy_notice: z.string().min(1),
      language: z.literal('en'),
      purposes: z.array(
        z.strictObject({
          purpose: z.string().min(1),
          purpose_type: z.string().regex(/^DUO:\d{7}$/),
          lawful_basis: z.string().min(1),
          pii_information: z
            .array(z.strictObject({ pii_type: z.string(), special_pii_category: z.literal(true) }))
            .min(1),
          pii_controllers: z.array(z.string()).min(1),
          collection_method: z.string(),
          processing_method: z.string(),
          processing_locations: z.array(z.string()).min(1),
          storage_locations: z.array(z.string()).min(1),
          retention_period: z.string().regex(/^P30D /),
          jurisdiction: z.string().optional(),
          authority_party: z.string().optional(),
          recipient_third_parties: z.array(z.string()).min(1),
          withdrawal_method: z.string().min(1),
          privacy_rights: z.array(z.string()).min(1),
        }),
      ),
    }),
    party_identification: z
      .array(
        z.strictObject({
          party_id: z.string(),
          party_name: z.string(),
          party_role: z.literal('PII controller'),
          party_type: z.literal('hospital'),
          party_address: z.string().optional(),
          party_email: z.string().optional(),
          party_phone: z.string().optional(),
          party_contact: z.string().optional(),
        }),
      )
      .min(1),
    event: z.strictObject({
      event_time: Time,
      validity_duration: z.string().regex(/^\S+Z\/(\S+Z|\.\.)$/),
      entity_id: z.string().min(1),
      event_type: z.enum(['dpv:ExplicitlyExpressedConsent', 'no consent: opting out of use under an EHDS data permit']),
      event_state: z
        .string()
        .regex(/^dpv:(ConsentGiven|RenewedConsentGiven|Consent(Withdrawn|Expired|Refused|Unknown))$/),
    }),
    additional_metadata: z.strictObject({
      record_created: Time,
      ledger: z.strictObject({ block: z.int(), transaction_id: z.string(), commitment: z.string() }).nullable(),
      missing_fields: z.array(z.string()),
    }),
  });

  test('are one an event, in the structure of ISO/IEC TS 27560, each with its own digest', async () => {
    const receipts = z.array(Receipt).parse((await file('receipts.json')).json);
    expect(receipts).toHaveLength(HOSTILE.length + 1);
    for (const { receipt_id, ...receipt } of receipts) expect(receipt_id).toBe(canonicalDigest(receipt));
    expect(new Set(receipts.map(({ record_id }) => record_id)).size).toBe(receipts.length);
    expect(JSON.stringify(receipts)).not.toContain('P-4711');
    expect(receipts.map(({ event }) => event.event_state)).toEqual([
      'dpv:ConsentGiven',
      ...HOSTILE.map(() => 'dpv:RenewedConsentGiven'),
    ]);
  });

  test('name mandatory fields that the hospital has not said, and have them where it has', async () => {
    const first = async () => z.array(Receipt).parse((await file('receipts.json')).json)[0];
    expect((await first())?.additional_metadata.missing_fields).toEqual([
      'party_address',
      'party_contact',
      'jurisdiction',
    ]);
    const told = await saying(CONTACT, first);
    expect(told?.additional_metadata.missing_fields).toEqual([]);
    expect(told?.party_identification).toMatchObject([
      {
        party_address: CONTACT.address,
        party_email: CONTACT.email,
        party_contact: '1 Main Street, +1 555 0100, a@b.example',
      },
    ]);
    expect(told?.pii_processing.purposes[0]).toMatchObject({
      jurisdiction: 'USA',
      authority_party: CONTACT.supervisoryAuthority,
    });
  });
});

describe('the accounting of disclosures', () => {
  test('has six years, without what the rule leaves out, and uses apart', async () => {
    const accounting = (await file('disclosures.json')).json;
    expect(accounting).toMatchObject({ regulation: '45 CFR 164.528', patient: PATIENT });
    expect(accounting.disclosures[0]).toMatchObject({ address: HOSTILE[0], description: HOSTILE[0] });
    const accounted = accounting.disclosures.map(({ basis }: { basis: string }) => basis);
    expect(accounted).toHaveLength(HOSTILE.length + 1);
    expect(accounted).toContain('consent');
    expect(accounted).not.toContain('required by law');
    expect(accounting.leftOut).toEqual(
      expect.arrayContaining([
        { rule: EXCLUSIONS.authorization, basis: 'authorization', disclosures: 1 },
        { rule: EXCLUSIONS.treatment, basis: 'treatment', disclosures: 1 },
      ]),
    );
    expect(accounting.usesNotDisclosures).toMatchObject([{ study: 'heart', round: 1, contributed: true }]);
  });

  test('as a table holds no formula', async () => {
    const { text, headers } = await file('disclosures.csv');
    expect(headers['content-type']).toMatch(/^text\/csv/);
    const cells = cellsOf(text);
    for (const row of cells.slice(1)) for (const cell of row) expect(cell).not.toMatch(/^[=+\-@\t\r\n\uFF1D]/);
    for (const hostile of HOSTILE)
      expect(cells.flat().map((cell) => cell.replace(/^'/, ''))).toContain(hostile.replace(/^'/, ''));
    expect(text).toContain('"use, not a disclosure"');
  });
});

describe('GDPR', () => {
  test('article 15: a copy of all, with a digest, for programs and for people', async () => {
    const { digest, ...access } = (await file('access.json')).json;
    expect(digest).toBe(canonicalDigest(access));
    expect(Object.keys(access)).toEqual([
      ...['regulation', 'controller', 'patient', 'madeAt', 'purposes', 'categoriesOfData', 'recipients', 'storage'],
      ...['rights', 'source', 'automatedDecisions', 'consents', 'uses', 'disclosures', 'consultedBy'],
    ]);
    expect(access.consents[0].events).toHaveLength(HOSTILE.length + 1);
    expect(access.consents[0].events.map(({ note }: { note: string }) => note)).toEqual(
      expect.arrayContaining([...HOSTILE]),
    );
    expect(access.storage).toEqual([{ ref, keptDaysAfterLastEvent: 30, onLegalHold: false }]);
    expect(access.recipients.map(({ who }: { who: string }) => who)).toEqual(expect.arrayContaining([...HOSTILE]));
  });

  test('article 20: what the patient provided, and nothing else', async () => {
    const { digest, ...portable } = (await file('portable.json')).json;
    expect(digest).toBe(canonicalDigest(portable));
    expect(portable.consents).toHaveLength(HOSTILE.length + 1);
    expect(JSON.stringify(portable)).not.toMatch(/heart|disclos|actor/);
  });

  test('article 30: a register with a line for each study, in three forms', async () => {
    const ask = (form: string) => desk.as('compliance-officer').get(`/consents/files/activities.${form}`);
    const register = (await ask('json')).json;
    expect(register).toMatchObject({ regulation: 'GDPR article 30(1)', controller: { id: OWN, name: 'Cleveland' } });
    expect(register.activities).toHaveLength(2);
    expect(register.activities[1]).toMatchObject({
      purposes: ['health or medical research'],
      legalBasis: 'consent',
      roundsJoined: 1,
      erasureTimeLimit: "30 days after a record's last event",
    });
    for (const member of [
      'categoriesOfDataSubjects',
      'categoriesOfRecipients',
      'thirdCountryTransfers',
      'securityMeasures',
    ])
      expect(register.activities[1][member].length).toBeGreaterThan(0);
    expect(register.activities[0]).toMatchObject({ controllerContact: expect.stringMatching(/^missing/) });
    expect((await saying(CONTACT, () => ask('json'))).json.activities[1]).toMatchObject({
      controllerContact: '1 Main Street, +1 555 0100, a@b.example',
      dataProtectionOfficer: 'Dr Officer',
    });
    expect(cellsOf((await ask('csv')).text)).toHaveLength(3);
    expectHarmless(await ask('html'));
  });
});

describe('the FHIR bundle', () => {
  test('holds the consents, who recorded them and what was done under them', async () => {
    const bundle = (await file('bundle.json')).json;
    const kinds = new Set(
      bundle.entry.map(({ resource }: { resource: { resourceType: string } }) => resource.resourceType),
    );
    expect(kinds).toEqual(new Set(['Consent', 'Provenance', 'AuditEvent']));
    for (const { resource } of bundle.entry) expect(await requireValidR4(resource)).toBeDefined();
  });
});

describe('tables', () => {
  test('of a history hold no formula, and every text as it is beside the apostrophe', async () => {
    const { text } = await desk.as('compliance-officer').get(`/consents/records/${ref}/history?format=csv`);
    const cells = cellsOf(text);
    const head = cells[0] ?? [];
    const notes = cells.slice(1).map((row) => row[head.indexOf('note')] ?? '');
    for (const [k, hostile] of HOSTILE.entries()) {
      expect(notes[k]).not.toMatch(/^[=+\-@\t\r\n\uFF1D]/);
      expect([hostile, `'${hostile}`]).toContain(notes[k]);
    }
  });
});

describe('the patient’s page', () => {
  test('says in plain words what they allowed, who used it and why, and how to change it', async () => {
    const reply = await desk.as('patient-desk').get(`/consents/records/${ref}/page`);
    expectHarmless(reply);
    const words = reply.text.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
    expect(words).toContain('What you allowed');
    expect(words).toMatch(/You allow the use of your data since .* research on health, medicine and biology/);
    expect(words).toMatch(/Used in one round of training/);
    expect(words).toMatch(/Why: /);
    expect(words).toMatch(/You can withdraw, or allow something else, at any time/);
    expect(words).toContain('&lt;b&gt;P-4711&lt;/b&gt;');
    expect(words).not.toMatch(/DUO:|undefined|null|NaN|\[object/);
  });

  test('says after a withdrawal that the data is in no later study', async () => {
    const other = new OfficerDesk();
    await other.start();
    try {
      await other.publish();
      const [one] = await other.grant('1');
      await other.as('patient-desk').post('/consents/withdrawals', { patient: '1' });
      const { text } = await other.as('patient-desk').get(`/consents/records/${one}/page`);
      expect(text).toMatch(/You withdrew it on [^<]+Your data is in no training that began after that/);
      expect(text).toContain('None so far.');
    } finally {
      await other.stop();
    }
  });
});

describe('a name', () => {
  test.each([
    'passwd',
    '..%2f..%2fetc%2fpasswd',
    'access.json%0d%0aSet-Cookie:%20a=1',
    '__proto__',
    'constructor',
    'access.xml',
  ])('%s is no file', async (name) => {
    const reply = await file(name);
    expect(reply).toMatchObject({ status: 400, json: { code: 'INPUT_INVALID' } });
    expect(reply.headers['set-cookie']).toBeUndefined();
    expect((await desk.as('compliance-officer').get(`/consents/files/${name}`)).status).toBe(400);
  });

  test.each(HOSTILE)('%j is no filter, cursor or ref', async (text) => {
    const value = encodeURIComponent(text);
    const before = desk.hospital.store.history({ patient: PATIENT }).length;
    for (const name of [
      'kind',
      'reason',
      'role',
      'policyVersion',
      'restricts',
      'axis',
      'order',
      'from',
      'to',
      'limit',
      'msp',
      'cursor',
      'format',
      'nothing',
    ])
      expect((await desk.as('auditor').get(`/consents/events?${name}=${value}`)).status).toBe(400);
    for (const query of [
      `uses?root=${value}`,
      `uses?study=${value}`,
      `selections?day=${value}`,
      `reads?ref=${value}`,
      `withdrawals?from=${value}`,
    ])
      expect((await desk.as('compliance-officer').get(`/consents/${query}`)).status).toBe(400);
    expect((await desk.as('compliance-officer').get(`/consents/records/${value}`)).status).toBe(400);
    // A name of an actor is any text: it finds nobody.
    expect((await desk.as('auditor').get(`/consents/events?actor=${value}`)).json).toMatchObject({ total: 0 });
    expect(desk.hospital.store.history({ patient: PATIENT })).toHaveLength(before);
  });
});

function expectHarmless({ text, headers }: { text: string; headers: Record<string, unknown> }): void {
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['content-security-policy']).toBe(PAGE_POLICY);
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['x-content-type-options']).toBe('nosniff');
  const tags = new Set([...text.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map(([, tag]) => tag));
  for (const tag of ['script', 'img', 'b', 'i', 'iframe', 'link', 'form', 'a']) expect(tags).not.toContain(tag);
  expect(text).not.toMatch(/\son[a-z]+=(?!&)["']/i);
  expect(text).not.toContain('\u202E');
  expect(PAGE_POLICY).not.toMatch(/unsafe|script-src/);
}

/** Cells of CSV in which every field is quoted. */
function cellsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, cell = '', end] of text.matchAll(/"((?:[^"]|"")*)"(,|\r\n|$)/g)) {
    rows.at(-1)?.push(cell.replaceAll('""', '"'));
    if (end === '\r\n') rows.push([]);
  }
  return rows.filter((row) => row.length > 0);
}
