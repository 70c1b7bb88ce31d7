/** Walks the table of differences in README.md: every row has a case here, and every case a row. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readConsent, writeConsent } from './consentCodec.js';
import type { ConsentStatement } from './consentStatement.js';
import type { FhirVersion, Json } from './fhirTypes.js';
import { DUO_SYSTEM, policyUri, r4Element, r5Element, TERM_VALUE_EXTENSION } from './systems.js';
import { STATEMENT } from './testing/statements.js';

const { url } = import.meta;
const ROWS = (readFileSync(new URL('README.md', url), 'utf8').split(/^## /m)[1] ?? '')
  .split('\n')
  .flatMap((line) => /^\| ([A-Za-z][A-Za-z0-9-]+) \|/.exec(line)?.[1] ?? [])
  .filter((row) => row !== 'row');

const R4 = writeConsent(STATEMENT, '4.0') as unknown as Json;
const R5 = writeConsent(STATEMENT, '5.0') as unknown as Json;
const rule4 = R4.provision as Json;
const rule5 = (R5.provision as Json[])[0] as Json;
const scope = (code: string) => ({ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code }] });
const duo = (code: string) => ({ system: DUO_SYSTEM, code: `DUO:${code}` });
const nested = (code: string, type?: string) => ({ ...(type ? { type } : {}), purpose: [duo(code)] });
const actor = (role: string, reference: Json) => ({
  role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: role }] },
  reference,
});

const said = (resource: Json, version: FhirVersion) =>
  readConsent(JSON.parse(JSON.stringify(resource)) as unknown, version);
const in4 = (change: Json) => said({ ...R4, ...change }, '4.0');
const in5 = (change: Json) => said({ ...R5, ...change }, '5.0');
const inRule4 = (change: Json) => in4({ provision: { ...rule4, ...change } });
const inRule5 = (change: Json) => in5({ provision: [{ ...rule5, ...change }] });
const out4 = (change: Partial<ConsentStatement>) => writeConsent({ ...STATEMENT, ...change }, '4.0') as unknown as Json;
const out5 = (change: Partial<ConsentStatement>) => writeConsent({ ...STATEMENT, ...change }, '5.0') as unknown as Json;
const BARE = { terms: [], actions: [], dataClasses: [] };

/** Refused, at that place. */
async function refused(reading: Promise<unknown>, expression: string): Promise<void> {
  const error = (await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )) as { code?: string; issues?: { expression: string }[] } | undefined;
  expect(error?.code).toBe('FHIR_INVALID');
  expect(error?.issues?.map((issue) => issue.expression)).toContain(expression);
}

/** The same status in both versions, there and back. */
async function statusIn(status: ConsentStatement['status'], r4: string, r5: string): Promise<void> {
  const change = status === 'refused' ? { status, decision: 'deny' as const, ...BARE } : { status };
  expect(out4(change)).toMatchObject({ status: r4 });
  expect(out5(change)).toMatchObject({ status: r5 });
  expect(await said(out4(change), '4.0')).toMatchObject({ status });
  expect(await said(out5(change), '5.0')).toMatchObject({ status });
}

const CASES: Readonly<Record<string, () => Promise<void>>> = {
  'status-draft': () => statusIn('draft', 'draft', 'draft'),
  'status-proposed': () => statusIn('proposed', 'proposed', 'draft'),
  'status-rejected': async () => {
    await statusIn('refused', 'rejected', 'active');
    expect(out5({ status: 'refused', decision: 'deny', ...BARE })).toMatchObject({ decision: 'deny' });
    expect(await in4({ status: 'rejected', provision: undefined })).toMatchObject({
      status: 'refused',
      decision: 'deny',
    });
  },
  'status-active-deny': async () => {
    const statement = await in4({ provision: { type: 'deny' } });
    expect(statement).toMatchObject({ status: 'refused', decision: 'deny' });
    expect(writeConsent(statement, '4.0').status).toBe('rejected');
    expect(await in5({ decision: 'deny', provision: undefined })).toMatchObject({ status: 'refused' });
  },
  'status-inactive': () => statusIn('inactive', 'inactive', 'inactive'),
  'status-not-done': () => statusIn('not-done', 'inactive', 'not-done'),
  'status-unknown': () => statusIn('unknown', 'inactive', 'unknown'),
  'status-entered-in-error': () => statusIn('entered-in-error', 'entered-in-error', 'entered-in-error'),
  'rejected-permit': () => refused(in4({ status: 'rejected' }), 'Consent.provision'),
  scope: async () => {
    expect(await in4({ scope: scope('patient-privacy') })).toMatchObject({ scope: scope('patient-privacy') });
    expect(JSON.stringify(out5({ scope: scope('patient-privacy') }))).toContain(r4Element('Consent.scope'));
    expect(await in5({ extension: undefined })).toMatchObject({ scope: scope('research') });
  },
  'scope-other': async () => {
    await refused(in4({ scope: scope('adr') }), 'Consent.scope');
    await refused(in4({ scope: scope('treatment') }), 'Consent.scope');
    const extension = [{ url: r4Element('Consent.scope'), valueCodeableConcept: scope('treatment') }];
    await refused(in5({ extension }), 'Consent.scope');
  },
  category: async () => {
    const category = [{ coding: [{ system: 'http://loinc.org', code: '57016-8' }] }];
    expect(await in4({ category })).toMatchObject({ categories: category });
    expect(await in5({ category })).toMatchObject({ categories: category });
    await refused(in4({ category: undefined }), 'Consent.category');
    expect((await in5({ category: undefined })).categories[0]?.coding?.[0]?.code).toBe('research');
  },
  patient: async () => {
    await refused(in4({ patient: undefined }), 'Consent.patient');
    await refused(in5({ subject: undefined }), 'Consent.subject');
    await refused(in5({ subject: { reference: 'Group/1' } }), 'Consent.subject');
    await refused(in4({ patient: { reference: 'Group/1' } }), 'Consent.patient');
  },
  dateTime: async () => {
    expect(out5({})).toMatchObject({ date: '2023-05-06' });
    expect((await said(out5({}), '5.0')).dateTime).toBe('2023-05-06T10:00:00+02:00');
    expect((await in4({ dateTime: '2023-05' })).dateTime).toBe('2023-05');
    expect(out5({ dateTime: '2023-05' })).toMatchObject({ date: '2023-05' });
    await refused(in5({ date: '2023-05-07' }), 'Consent.date');
  },
  performer: async () => {
    expect(await in4({})).toMatchObject({ grantors: R5.grantor });
    await refused(in5({ grantor: [{ reference: 'CareTeam/1' }] }), 'Consent.grantor');
  },
  organization: async () => {
    const statement = await in4({ organization: [{ display: 'Cleveland' }], extension: undefined });
    expect(writeConsent(statement, '5.0').manager).toEqual([{ display: 'Cleveland' }]);
    expect(JSON.stringify(writeConsent(statement, '4.0').extension)).toContain(r5Element('Consent.manager'));
  },
  'controller-grantee': async () => {
    const change = { controllers: [{ display: 'A' }], grantees: [{ display: 'B' }] };
    expect(await said(out4(change), '4.0')).toMatchObject(change);
    expect(out5(change)).toMatchObject({ controller: change.controllers, grantee: change.grantees });
  },
  source: async () => {
    const other = { contentType: 'application/pdf', title: 'form' };
    expect(await in4({ sourceReference: undefined, sourceAttachment: other })).toMatchObject({
      source: { attachment: other },
    });
    await refused(in4({ sourceAttachment: other }), 'Consent');
    await refused(in5({ sourceAttachment: [other] }), 'Consent.sourceReference');
  },
  'attachment-size': async () => {
    const source = { attachment: { contentType: 'application/pdf', size: 2048 } };
    expect(out4({ source })).toMatchObject({ sourceAttachment: { size: 2048 } });
    expect(out5({ source })).toMatchObject({ sourceAttachment: [{ size: '2048' }] });
    const large = {
      sourceReference: undefined,
      sourceAttachment: [{ contentType: 'application/pdf', size: '2147483648' }],
    };
    await refused(in5(large), 'Consent.sourceAttachment[0].size');
  },
  policy: async () => {
    const policies = [
      { uri: policyUri('ClevelandMSP', 2) },
      { authority: 'http://example.org/law', uri: 'http://example.org/p' },
    ];
    expect(out4({ policies })).toMatchObject({ policy: policies });
    expect(out5({ policies })).toMatchObject({ policyBasis: { url: policies[0]?.uri } });
    expect(await said(out5({ policies }), '5.0')).toMatchObject({ policies });
  },
  'policy-basis-reference': async () => {
    await refused(in5({ policyBasis: { reference: { display: 'a policy' } } }), 'Consent.policyBasis.reference');
    await refused(in5({ policyText: [{ display: 'a text' }] }), 'Consent.policyText');
  },
  policyRule: async () => {
    const regulatoryBasis = [{ text: 'GDPR 9(2)(j)' }, { text: 'state law' }];
    expect(out4({ regulatoryBasis })).toMatchObject({ policyRule: regulatoryBasis[0] });
    expect(await said(out4({ regulatoryBasis }), '4.0')).toMatchObject({ regulatoryBasis });
    expect(out5({ regulatoryBasis })).toMatchObject({ regulatoryBasis });
  },
  'ppc-1': async () => {
    await refused(in4({ policy: undefined }), 'Consent');
    expect(await in5({ policyBasis: undefined })).toMatchObject({ policies: [] });
    expect(() => out4({ policies: [] })).toThrow(/ppc-1/);
  },
  verification: async () => {
    const verifications = [{ verified: true, type: { text: 'family' }, by: { display: 'N' }, dates: ['2023', '2024'] }];
    expect(await said(out4({ verifications }), '4.0')).toMatchObject({ verifications });
    expect(out5({ verifications })).toMatchObject({ verification: [{ verificationDate: ['2023', '2024'] }] });
  },
  permit: async () => {
    expect(rule4).toMatchObject({ type: 'permit', purpose: [{ code: 'DUO:0000007' }] });
    expect(R5).toMatchObject({ decision: 'deny', provision: [{ purpose: [{ code: 'DUO:0000007' }] }] });
    expect(await in5({})).toMatchObject({ decision: 'permit', terms: STATEMENT.terms });
  },
  'permit-bare': async () => {
    expect(out4(BARE)).toMatchObject({ provision: { type: 'permit' } });
    expect(out5(BARE)).toMatchObject({ decision: 'permit' });
    expect(out5(BARE)).not.toHaveProperty('provision');
  },
  'deny-permit': async () => {
    const statement = await in4({ provision: { type: 'deny', provision: [nested('0000042', 'permit')] } });
    expect(statement).toMatchObject({ status: 'active', decision: 'permit', terms: [{ code: 'DUO:0000042' }] });
    expect(writeConsent(statement, '4.0').provision).toMatchObject({ type: 'permit', purpose: [duo('0000042')] });
    const two = [nested('0000042', 'permit'), nested('0000006', 'permit')];
    await refused(in4({ provision: { type: 'deny', provision: two } }), 'Consent.provision.provision');
  },
  'deny-conditions': () =>
    refused(in4({ provision: { type: 'deny', purpose: [duo('0000042')] } }), 'Consent.provision.purpose'),
  'permit-exceptions': async () => {
    const exceptions = ['0000011', '0000031', '0000032', '0000033'];
    for (const code of exceptions) {
      const modifier = code === '0000031' ? 'DUO:0000015' : 'DUO:0000044';
      expect((await inRule4({ provision: [nested(code, 'deny')] })).terms).toContainEqual({
        code: modifier,
        values: [],
      });
      expect((await inRule5({ provision: [nested(code)] })).terms).toContainEqual({ code: modifier, values: [] });
    }
  },
  'permit-other-exceptions': async () => {
    await refused(inRule4({ provision: [nested('0000042', 'deny')] }), 'Consent.provision.provision[0].purpose[0]');
    await refused(inRule4({ provision: [nested('0000011', 'permit')] }), 'Consent.provision.provision[0].type');
    const dated = { ...nested('0000011', 'deny'), period: { start: '2020' } };
    await refused(inRule4({ provision: [dated] }), 'Consent.provision.provision[0].period');
    await refused(inRule5({ provision: [nested('0000042')] }), 'Consent.provision[0].provision[0].purpose[0]');
    await refused(in5({ decision: 'permit' }), 'Consent.provision');
  },
  'no-decision': async () => {
    expect(await in4({ provision: { period: { start: '2024' } } })).toMatchObject({
      decision: null,
      validFrom: Date.UTC(2024, 0),
    });
    await refused(in4({ provision: { ...rule4, type: undefined } }), 'Consent.provision.type');
    expect(await in5({ decision: undefined, provision: undefined })).toMatchObject({ decision: null });
    await refused(in5({ decision: undefined }), 'Consent.decision');
  },
  period: async () => {
    expect(rule4.period).toEqual(R5.period);
    const statement = await inRule5({ period: { start: '2025-01-01T00:00:00Z', end: '2040' } });
    expect(statement).toMatchObject({ validFrom: Date.UTC(2025, 0), validTo: STATEMENT.validTo });
    await refused(inRule4({ period: { start: '1969' } }), 'Consent.provision.period.start');
  },
  'period-day': async () => {
    expect(await inRule4({ period: { end: '2024-12-31' } })).toMatchObject({ validTo: Date.UTC(2025, 0) });
    expect(await inRule4({ period: { end: '2024-02' } })).toMatchObject({ validTo: Date.UTC(2024, 2) });
    expect(await in5({ period: { end: '2024' } })).toMatchObject({ validTo: Date.UTC(2025, 0) });
  },
  dataPeriod: async () => {
    await refused(inRule4({ dataPeriod: { start: '2020' } }), 'Consent.provision.dataPeriod');
    await refused(inRule5({ dataPeriod: { start: '2020' } }), 'Consent.provision[0].dataPeriod');
  },
  purpose: async () => {
    expect(
      await inRule4({ purpose: [duo('0000042'), duo('0000006')], code: undefined, actor: undefined }),
    ).toMatchObject({
      terms: [{ code: 'DUO:0000042' }, { code: 'DUO:0000006' }],
    });
  },
  'purpose-other': async () => {
    const purpose = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HRESCH' }];
    await refused(inRule4({ purpose }), 'Consent.provision.purpose[0]');
    await refused(inRule5({ purpose }), 'Consent.provision[0].purpose[0]');
  },
  code: async () => {
    expect(rule4.code).toEqual([{ coding: [duo('0000046')] }]);
    expect(rule5.code).toEqual(rule4.code);
    await refused(inRule4({ code: [{ text: 'other words' }] }), 'Consent.provision.code[0].coding[0]');
  },
  'term-values': async () => {
    const [purpose] = rule4.purpose as Json[];
    expect(purpose?.extension).toEqual([{ url: TERM_VALUE_EXTENSION, valueString: 'MONDO:0005010' }]);
    const other = { ...duo('0000007'), extension: [{ url: 'urn:example:other', valueString: 'x' }] };
    await refused(inRule4({ purpose: [other] }), 'Consent.provision.purpose[0].extension');
  },
  actor: async () => {
    const reference = { type: 'Practitioner', identifier: { value: 'N-7' } };
    expect((await inRule4({ actor: [actor('IRCP', reference)] })).terms).toContainEqual({
      code: 'DUO:0000026',
      values: ['N-7'],
    });
    expect((rule5.actor as Json[])[0]).toMatchObject({ reference: { identifier: { value: '1234567893' } } });
  },
  'actor-other': async () => {
    await refused(
      inRule4({ actor: [actor('CST', { identifier: { value: 'A' } })] }),
      'Consent.provision.actor[0].role',
    );
    await refused(inRule4({ actor: [actor('IRCP', { display: 'A' })] }), 'Consent.provision.actor[0].reference');
    await refused(
      inRule4({ actor: [actor('IRCP', { reference: 'Organization/1' })] }),
      'Consent.provision.actor[0].reference',
    );
    await refused(
      inRule5({ actor: [{ reference: { identifier: { value: 'A' } } }] }),
      'Consent.provision[0].actor[0].role',
    );
  },
  action: async () => expect(await in4({})).toMatchObject({ actions: ['use'] }),
  'action-without-use': async () => {
    const action = [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code: 'collect' }] }];
    await refused(inRule4({ action }), 'Consent.provision.action');
    await refused(inRule5({ action: [{ text: 'use' }] }), 'Consent.provision[0].action[0].coding[0]');
  },
  'data-class': async () => {
    expect(rule4.class).toEqual([{ system: 'urn:consilium:data-class', code: 'laboratory' }]);
    expect(rule5.resourceType).toEqual(rule4.class);
  },
  'narrower-data': async () => {
    const label = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];
    await refused(inRule4({ securityLabel: label }), 'Consent.provision.securityLabel');
    await refused(inRule4({ data: [{ meaning: 'instance', reference: { display: 'a' } }] }), 'Consent.provision.data');
    await refused(inRule4({ class: [{ system: 'urn:example:x', code: 'a' }] }), 'Consent.provision.class[0]');
    await refused(inRule5({ documentType: label }), 'Consent.provision[0].documentType');
    await refused(inRule5({ expression: { expression: 'true' } }), 'Consent.provision[0].expression');
  },
  'effective-from': async () => expect(await in5({})).toMatchObject({ effectiveFrom: STATEMENT.effectiveFrom }),
  evidence: async () => {
    expect(await in5({})).toMatchObject({ evidence: STATEMENT.evidence });
    const extension = [{ url: 'urn:consilium:fhir:evidence', extension: [{ url: 'source', valueCode: 'paper' }] }];
    await refused(in4({ extension }), 'Consent.extension');
  },
  labels: async () => {
    const meta = { tag: [{ system: 'urn:x', code: 'a' }], security: [{ system: 'urn:x', code: 'b' }] };
    expect(await in4({ meta })).toMatchObject({ labels: meta.tag, securityLabels: meta.security });
    expect(out5({ labels: meta.tag, securityLabels: meta.security })).toMatchObject({ meta });
  },
  extension: async () => {
    const extension = [{ url: 'urn:example:other', valueString: 'kept' }];
    expect(await in4({ extension })).toMatchObject({ extensions: extension });
    expect(JSON.stringify(out5({ extensions: extension }))).toContain('kept');
  },
  'extension-inside': async () => {
    const extension = [{ url: 'urn:example:other', valueString: 'x' }];
    await refused(inRule4({ extension }), 'Consent.provision.extension');
    await refused(in4({ verification: [{ verified: true, extension }] }), 'Consent.verification[0].extension');
    await refused(in4({ _dateTime: { extension } }), 'Consent.dateTime');
    await refused(inRule5({ extension }), 'Consent.provision[0].extension');
  },
  'modifier-extension': async () => {
    const modifierExtension = [{ url: 'urn:example:not', valueBoolean: true }];
    await refused(in4({ modifierExtension }), 'Consent.modifierExtension');
    await refused(inRule4({ modifierExtension }), 'Consent.provision.modifierExtension');
    await refused(inRule5({ modifierExtension }), 'Consent.provision[0].modifierExtension');
    await refused(in4({ implicitRules: 'urn:example:rules' }), 'Consent.implicitRules');
  },
  contained: () => refused(in5({ contained: [{ resourceType: 'Organization', id: 'o' }] }), 'Consent.contained'),
  frame: async () => {
    const text = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' };
    const statement = await in4({ text, language: 'en', meta: { profile: ['http://example.org/p'], versionId: '3' } });
    expect(writeConsent(statement, '4.0')).toMatchObject({ resourceType: 'Consent' });
    expect(JSON.stringify(writeConsent(statement, '5.0'))).not.toMatch(/xhtml|example.org\/p/);
  },
};

describe('the table of differences', () => {
  test('has a case for each row, and a row for each case', () => {
    expect(ROWS.length).toBeGreaterThan(40);
    expect([...ROWS].sort()).toEqual(Object.keys(CASES).sort());
  });

  test.each(Object.entries(CASES))('%s', async (_, holds) => {
    expect.hasAssertions();
    await holds();
  });
});
