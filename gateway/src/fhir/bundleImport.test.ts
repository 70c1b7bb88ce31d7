import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { importBundle } from './bundleImport.js';
import { writeConsent } from './consentCodec.js';
import { BUNDLE_ENTRIES_MAX } from './fhirLimits.js';
import type { Json, R4Bundle } from './fhirTypes.js';
import { isSynthetic, withSyntheticConsents } from './syntheticConsents.js';
import { CLEVELAND, DeskInMemory, NOW, STEWARD } from './testing/deskInMemory.js';
import { STATEMENT } from './testing/statements.js';

let desk: DeskInMemory;
beforeEach(() => {
  desk = new DeskInMemory();
});

const MR = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] };
const patient = (id: string, number: string): Json => ({
  fullUrl: `urn:uuid:${id}`,
  resource: {
    resourceType: 'Patient',
    id,
    identifier: [
      { system: 'http://hl7.org/fhir/sid/us-ssn', value: '999-99-9999' },
      { type: MR, system: 'http://hospital.example.org', value: number },
    ],
  },
});
const consent = (change: Json = {}): Json => ({
  resource: { ...(JSON.parse(JSON.stringify(writeConsent(STATEMENT, '4.0'))) as Json), ...change },
});
const bundle = (...entry: unknown[]): Json => ({ resourceType: 'Bundle', type: 'collection', entry });
const taken = (content: unknown) => importBundle(desk.room, content, STEWARD);

describe('a bundle', () => {
  test("gives a consent the number of the patient beside it, by the bundle's own name of them", async () => {
    const report = await taken(bundle(patient('p1', 'MRN-1'), consent({ patient: { reference: 'urn:uuid:p1' } })));
    expect(report).toMatchObject({ entries: 2, patients: 1, passedOver: 0, refused: [] });
    expect(report.taken).toEqual([{ entry: 1, event: expect.objectContaining({ kind: 'grant', seq: 0 }) }]);
    expect(desk.refsOf('MRN-1')).toHaveLength(1);
    expect(desk.refsOf('999-99-9999')).toEqual([]);
  });

  test('from paper keeps its past date, the hash of the evidence, and says that it was transcribed', async () => {
    await taken(bundle(consent()));
    expect(desk.events[0]).toMatchObject({
      content: { effectiveFrom: STATEMENT.effectiveFrom, evidence: STATEMENT.evidence, terms: STATEMENT.terms },
      input: { reason: 'imported-from-paper', meaning: 'transcribed' },
    });
  });

  test('takes the hash of a document beside it, of its bytes', async () => {
    const bytes = Buffer.from('%PDF-1.7 a form');
    const form = {
      fullUrl: 'urn:uuid:form',
      resource: {
        resourceType: 'DocumentReference',
        status: 'current',
        content: [{ attachment: { contentType: 'application/pdf', data: bytes.toString('base64') } }],
      },
    };
    const extension = undefined;
    await taken(bundle(form, consent({ extension, sourceReference: { reference: 'urn:uuid:form' } })));
    const hash = createHash('sha256').update(bytes).digest('hex');
    expect(desk.events[0]?.content.evidence).toEqual({ source: 'electronic', hash });
    expect(desk.events[0]?.input.reason).toBe('imported-from-record');
  });

  test('is taken in clinical order: a grant, a change, and then its end', async () => {
    const dated = (dateTime: string, change: Json = {}) => consent({ dateTime, extension: undefined, ...change });
    const report = await taken(bundle(dated('2020', { status: 'inactive' }), dated('2024-03'), dated('2021-01-02')));
    expect(desk.events.map(({ kind }) => kind)).toEqual(['grant', 'change', 'withdraw']);
    expect(desk.events.map(({ content }) => content.effectiveFrom)).toEqual([
      Date.UTC(2021, 0, 2),
      Date.UTC(2024, 2),
      NOW,
    ]);
    expect(report.taken.map(({ entry, event }) => [entry, event.kind])).toEqual([
      [0, 'withdraw'],
      [1, 'change'],
      [2, 'grant'],
    ]);
  });

  test('names what it refuses by entry and reason, takes the rest, and tells nothing of what stands there', async () => {
    const secret = 'Jane-Doe-1970';
    const entries = [
      patient('p1', 'MRN-1'),
      consent({ patient: { reference: 'urn:uuid:p1' } }),
      consent({ status: secret }),
      consent({ patient: { identifier: { system: 'urn:other', value: secret } } }),
      consent({ patient: { display: secret } }),
      consent({ provision: { type: 'permit' } }),
      consent({ status: 'draft' }),
      consent({ policy: [{ uri: 'urn:consilium:policy:HungaryMSP:1' }] }),
      consent({ policy: [{ uri: 'urn:consilium:policy:ClevelandMSP:9' }] }),
      consent({ patient: { identifier: { value: `${secret}-x` } }, status: 'inactive' }),
      { resource: { resourceType: 'Patient', gender: secret } },
      { resource: { resourceType: secret } },
    ];
    const report = await taken(bundle(...entries));
    expect(report.taken.map(({ entry }) => entry)).toEqual([1]);
    expect(report.passedOver).toBe(1);
    expect(Object.fromEntries(report.refused.map(({ entry, issues }) => [entry, issues[0]?.expression]))).toEqual({
      2: 'Consent.status',
      3: 'Consent.patient.identifier.system',
      4: 'Consent.patient',
      5: 'Consent.provision.purpose',
      6: 'Consent.status',
      7: 'Consent.policy',
      8: '',
      9: 'Consent.status',
      10: 'Patient.gender',
    });
    expect(JSON.stringify(report)).not.toContain(secret);
  });

  test('that is sent again records nothing anew, and revives nothing that was withdrawn since', async () => {
    const content = bundle(consent());
    const first = await taken(content);
    expect((await taken(content)).taken[0]?.event).toMatchObject({ seq: first.taken[0]?.event.seq });
    const number = 'P-000123';
    await desk.record([{ patient: number, kind: 'withdraw', reason: 'patient-asked' }], STEWARD);
    expect(await taken(content)).toMatchObject({ taken: [{ event: { seq: 0, kind: 'grant' } }], refused: [] });
    expect(desk.history({ patient: number }).map(({ kind }) => kind)).toEqual(['grant', 'withdraw']);
  });

  test.each([
    ['no bundle', { resourceType: 'Consent' }],
    ['a searchset', { resourceType: 'Bundle', type: 'searchset', entry: [] }],
    ['entries that are no list', { resourceType: 'Bundle', type: 'collection', entry: { resource: {} } }],
    ['an entry without a resource', bundle({ fullUrl: 'urn:uuid:x' })],
    [
      'an entry that deletes',
      bundle({ resource: { resourceType: 'Patient' }, request: { method: 'DELETE', url: 'x' } }),
    ],
    [
      'too many entries',
      { resourceType: 'Bundle', type: 'collection', entry: new Array(BUNDLE_ENTRIES_MAX + 1).fill({}) },
    ],
  ])('is refused whole where it is %s', async (_, content) => {
    await expect(taken(content)).rejects.toMatchObject({ code: 'FHIR_INVALID' });
    expect(desk.events).toEqual([]);
  });

  test('ends where the store is full: that is no fault of an entry', async () => {
    const { refusal } = await import('@consilium/domain');
    desk.record = async () => {
      throw refusal('CONSENT_QUEUE_FULL', { waiting: 5, waitingMax: 5 });
    };
    await expect(taken(bundle(consent()))).rejects.toMatchObject({ code: 'CONSENT_QUEUE_FULL' });
  });
});

describe('consents made up beside patients', () => {
  const made = withSyntheticConsents(
    bundle(...Array.from({ length: 10 }, (_, at) => patient(`p${at}`, `MRN-${at}`))) as unknown as R4Bundle,
    CLEVELAND,
    2,
    NOW,
  );

  test('are labelled synthetic, every one', () => {
    const consents = (made.entry ?? []).filter(({ resource }) => resource?.resourceType === 'Consent');
    expect(consents).toHaveLength(10);
    expect(consents.every(({ resource }) => isSynthetic(resource))).toBe(true);
  });

  test('are taken like others, some of them refusals', async () => {
    const report = await taken(JSON.parse(JSON.stringify(made)));
    expect(report).toMatchObject({ patients: 10, refused: [] });
    expect(report.taken.map(({ event }) => event.kind).filter((kind) => kind === 'opt-out')).toHaveLength(2);
    expect(desk.events.every(({ fhir }) => isSynthetic(fhir?.resource))).toBe(true);
  });
});
