import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Request } from 'express';
import { readConsent, writeConsent } from '../fhir/consentCodec.js';
import { RESOURCE_BYTES_MAX } from '../fhir/fhirLimits.js';
import type { Json } from '../fhir/fhirTypes.js';
import { requireValidR4 } from '../fhir/r4Validation.js';
import { DeskInMemory, decisionList, NOW } from '../fhir/testing/deskInMemory.js';
import { PATIENT, STATEMENT } from '../fhir/testing/statements.js';
import { baseOf } from './fhirMedia.js';
import { ApiUnderTest, type Asked, type Reply } from './testing/apiUnderTest.js';

let api: ApiUnderTest;
let desk: DeskInMemory;
beforeEach(async () => {
  api = new ApiUnderTest();
  desk = new DeskInMemory();
  api.fhir = { room: desk.room, softwareVersion: '0.1.0' };
  await api.start();
});
afterEach(() => api.stop());

const NUMBER = PATIENT.identifier.value;
const CONSENT = JSON.parse(JSON.stringify(writeConsent(STATEMENT, '4.0'))) as Json;
const FORM: Json = {
  resourceType: 'DocumentReference',
  status: 'current',
  content: [{ attachment: { contentType: 'application/pdf', data: Buffer.from('a form').toString('base64') } }],
};
const R5 = 'application/fhir+json; fhirVersion=5.0';
const DESK = { as: 'patient-desk' };
const OFFICER = { as: 'compliance-officer' };

const get = (path: string, asked: Asked = OFFICER): Promise<Reply> => api.get(`!/fhir/r4${path}`, asked);
const post = (path: string, body: unknown, asked: Asked = DESK): Promise<Reply> =>
  api.post(`!/fhir/r4${path}`, body, asked);
const parameters = (...parameter: Json[]): Json => ({ resourceType: 'Parameters', parameter });
const filing = (consent: Json = CONSENT) =>
  parameters({ name: 'consent', resource: consent }, { name: 'document', resource: FORM });
const file = async () => {
  await post('/Consent/$fileConsent', filing());
  return desk.refsOf(NUMBER).at(-1) as string;
};
const revoking = (reference: string, number = NUMBER) =>
  parameters(
    { name: 'consent', valueReference: { reference } },
    { name: 'patient', valueReference: { identifier: { value: number } } },
  );

const DISCLOSURE: Json = {
  resourceType: 'AuditEvent',
  type: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110113' },
  action: 'E',
  recorded: '2026-11-01T11:30:59.220-07:00',
  outcome: '0',
  purposeOfEvent: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'CAREMGT' }] }],
  agent: [
    {
      type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
      who: { identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: '345678931' } },
      requestor: true,
    },
  ],
  source: { observer: { display: 'gateway' } },
  entity: [
    {
      type: { system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type', code: '1' },
      role: { system: 'http://terminology.hl7.org/CodeSystem/object-role', code: '1' },
      what: { identifier: { value: NUMBER } },
    },
  ],
};
const disclosing = (ref: string, disclosure: Json = DISCLOSURE) =>
  parameters(
    { name: 'disclosure', resource: disclosure },
    { name: 'consent', valueReference: { reference: `Consent/${ref}` } },
  );

type Issue = Readonly<{ code: string; expression?: string[]; details?: { text?: string } }>;

/** An OperationOutcome that is valid itself. */
async function outcome(reply: Reply, status: number): Promise<Issue[]> {
  expect(reply.status).toBe(status);
  expect(reply.headers['content-type']).toMatch(/^application\/fhir\+json/);
  await requireValidR4(reply.json, ['OperationOutcome']);
  return reply.json.issue as Issue[];
}

describe('$fileConsent', () => {
  test('records the consent, with the hash of its document, and says where it is', async () => {
    const reply = await post('/Consent/$fileConsent', filing({ ...CONSENT, extension: undefined }));
    expect(await outcome(reply, 200)).toMatchObject([{ severity: 'information' }]);
    const ref = desk.refsOf(NUMBER)[0];
    expect(reply.headers.location).toBe(`/fhir/r4/Consent/${ref}`);
    expect(desk.events).toMatchObject([
      {
        kind: 'grant',
        content: { terms: STATEMENT.terms, evidence: { source: 'electronic' } },
        recordedBy: { name: 'patient-desk' },
      },
    ]);
  });

  test.each([
    ['no document', parameters({ name: 'consent', resource: CONSENT }), 400, 'Parameters.parameter'],
    [
      'two consents',
      parameters(...['a', 'b'].map(() => ({ name: 'consent', resource: CONSENT }))),
      400,
      'Parameters.parameter[1]',
    ],
    [
      'a parameter of another name',
      parameters({ name: 'other', resource: CONSENT }),
      422,
      'Parameters.parameter[0].name',
    ],
    [
      'a document of another kind',
      parameters({ name: 'consent', resource: CONSENT }, { name: 'document', resource: { resourceType: 'Patient' } }),
      422,
      undefined,
    ],
    ['a consent that is not active', filing({ ...CONSENT, status: 'draft' }), 422, 'Consent.status'],
    [
      'a consent that is not valid',
      filing({ ...CONSENT, scope: undefined }),
      400,
      'Parameters.parameter[0].resource.scope',
    ],
    [
      'what would be lost',
      filing({ ...CONSENT, provision: { ...(CONSENT.provision as Json), dataPeriod: { start: '2020' } } }),
      422,
      'Consent.provision.dataPeriod',
    ],
    ['the bare consent', CONSENT, 422, undefined],
    ['nothing', undefined, 415, undefined],
  ])('refuses %s', async (_, body, status, expression) => {
    const issues = await outcome(await post('/Consent/$fileConsent', body), status);
    if (expression) expect(issues[0]?.expression).toEqual([expression]);
    expect(desk.events).toEqual([]);
  });
});

test('a filing that is sent again stands as it is; after its end it is a new consent', async () => {
  const ref = await file();
  expect((await post('/Consent/$fileConsent', filing())).headers.location).toBe(`/fhir/r4/Consent/${ref}`);
  expect(desk.events).toHaveLength(1);
  await post('/Consent/$revokeConsent', revoking(`Consent/${ref}`));
  await file();
  expect(desk.events.map(({ kind }) => kind)).toEqual(['grant', 'withdraw', 'grant']);
});

describe('a consent', () => {
  test('of R5 is created, and read as either', async () => {
    const r5 = writeConsent(STATEMENT, '5.0');
    const reply = await post('/Consent', r5, { ...DESK, headers: { 'content-type': R5 } });
    expect(reply.status).toBe(201);
    const path = reply.headers.location?.replace('/fhir/r4', '') ?? '';
    const asR5 = await get(path, { ...OFFICER, headers: { accept: R5 } });
    expect(asR5.headers['content-type']).toContain('fhirVersion=5.0');
    expect((await readConsent(asR5.json, '5.0')).terms).toEqual(STATEMENT.terms);
    expect((await readConsent((await get(path)).json, '4.0')).terms).toEqual(STATEMENT.terms);
  });

  test('is found by patient, however the number is written, and each read is logged', async () => {
    const ref = await file();
    for (const query of [
      `patient=${NUMBER}`,
      `patient=Patient/${NUMBER}`,
      `patientId=urn:consilium:patient:ClevelandMSP%7C${NUMBER}`,
    ]) {
      const { status, json } = await get(`/Consent?${query}`);
      expect(status).toBe(200);
      expect(json).toMatchObject({
        resourceType: 'Bundle',
        type: 'searchset',
        total: 1,
        entry: [{ resource: { id: ref } }],
      });
      await requireValidR4(json, ['Bundle']);
    }
    expect(desk.logged).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ kind: 'patient', ref })));
    expect((await get(`/Consent?patient=${NUMBER}&status=inactive`)).json.total).toBe(0);
  });

  test.each([
    ['/Consent', 400],
    ['/Consent?patient=1&patient=2', 400],
    ['/Consent?patient=1&name=x', 400],
    [`/Consent?patient=${'9'.repeat(501)}`, 400],
    ['/Consent?patient=http://other.example%7C1', 422],
    ['/Consent?patient=1&_count=0', 400],
    ['/Consent?patient=1&_count=1e9', 400],
    ['/Consent?patient=1&_offset=-1', 400],
    ["/Consent/1'%20OR%20'1'='1", 404],
    ['/Consent/..%2f..%2fetc%2fpasswd', 404],
    ['/Consent/%00', 404],
    [`/Consent/${'f'.repeat(32)}`, 404],
    ['/Consent/%zz', 400],
    ['/Patient/1', 404],
    ['/Consent/__proto__', 404],
  ])('is not to be had by %s', async (path, status) => {
    await file();
    const issues = await outcome(await get(path), status);
    expect(JSON.stringify(issues)).not.toMatch(/passwd|OR '1'|Patient\/1|999/);
  });
});

describe('$revokeConsent', () => {
  test('withdraws here at once; the consent stays, inactive', async () => {
    const ref = await file();
    const [issue] = await outcome(await post('/Consent/$revokeConsent', revoking(`Consent/${ref}`)), 200);
    expect(issue?.details?.text).toMatch(/^withdraw: effective here since 2026-/);
    expect((await get(`/Consent/${ref}`)).json).toMatchObject({
      id: ref,
      status: 'inactive',
      meta: { versionId: '1' },
    });
    expect(await outcome(await post('/Consent/$revokeConsent', revoking(`Consent/${ref}`)), 200)).toHaveLength(1);
    expect(desk.events).toHaveLength(2);
  });

  test('finds the consent by the identifier that it was filed with', async () => {
    await file();
    const [identifier] = STATEMENT.identifiers;
    const body = parameters(
      { name: 'consent', valueReference: { identifier } },
      { name: 'patient', valueReference: { identifier: { value: NUMBER } } },
    );
    expect((await post('/Consent/$revokeConsent', body)).status).toBe(200);
    expect(desk.events.at(-1)?.kind).toBe('withdraw');
  });

  test("does not tell another patient's consent from one that is not", async () => {
    const ref = await file();
    const [other, none] = await Promise.all([
      post('/Consent/$revokeConsent', revoking(`Consent/${ref}`, 'P-2')),
      post('/Consent/$revokeConsent', revoking(`Consent/${'e'.repeat(32)}`)),
    ]);
    expect(other.status).toBe(404);
    expect(other.json).toEqual(none.json);
    expect(desk.events).toHaveLength(1);
  });

  test('wants both consent and patient', async () => {
    const ref = await file();
    const body = parameters({ name: 'consent', valueReference: { reference: `Consent/${ref}` } });
    await outcome(await post('/Consent/$revokeConsent', body), 400);
  });
});

describe('who received my consent, what was shared, who consulted it', () => {
  test('is answered by audit events: disclosures, selections and reads', async () => {
    const ref = await file();
    const recorded = await post('/AuditEvent/$recordDisclosure', disclosing(ref), { as: 'data-steward' });
    await outcome(recorded, 200);
    desk.lists.push(decisionList(1, desk.refsOf(NUMBER), []));
    await get(`/Consent/${ref}`, DESK);
    const { json } = await get(`/AuditEvent?patient=${NUMBER}`);
    await requireValidR4(json, ['Bundle']);
    const ids = (json.entry as { resource: { id: string } }[]).map(({ resource }) => resource.id.split('-')[0]);
    expect(new Set(ids)).toEqual(new Set(['disclosure', 'decision', 'read']));
    expect(JSON.stringify(json)).toMatch(/345678931.*|patient-desk/);
    for (const { resource } of json.entry as { resource: { id: string } }[])
      expect((await get(`/AuditEvent/${resource.id}`)).json).toMatchObject({ id: resource.id });
    const filed = await get(recorded.headers.location?.replace('/fhir/r4', '') ?? '');
    expect(filed.json).toMatchObject({ ...DISCLOSURE, id: expect.stringMatching(/^disclosure-1-/) });
    const asR5 = await get(`/AuditEvent?consent=Consent/${ref}`, { ...OFFICER, headers: { accept: R5 } });
    expect(asR5.json.entry[0].resource).toHaveProperty('code');
  });

  test('a selection has one event with counts and the hash of its list', async () => {
    const list = decisionList(1, [], []);
    desk.lists.push(list);
    const { json } = await get(`/AuditEvent?date=${new Date(NOW).toISOString().slice(0, 10)}`);
    expect(json.total).toBe(1);
    expect(JSON.stringify(json)).toContain(list.listHash);
    expect((await get('/AuditEvent?date=2020-01-01')).json.total).toBe(0);
    await outcome(await get('/AuditEvent?date=today'), 400);
    await outcome(await get('/AuditEvent'), 400);
  });

  test.each([
    [
      'of another patient',
      { ...DISCLOSURE, entity: [{ type: { code: '1' }, what: { identifier: { value: 'P-2' } } }] },
      404,
    ],
    ['to nobody', { ...DISCLOSURE, agent: [{ requestor: false }] }, 400],
    ['in the future', { ...DISCLOSURE, recorded: '2999-01-01T00:00:00Z' }, 400],
    ['that is not valid', { ...DISCLOSURE, outcome: '5' }, 400],
  ])('a disclosure %s is refused', async (_, disclosure, status) => {
    const ref = await file();
    await outcome(await post('/AuditEvent/$recordDisclosure', disclosing(ref, disclosure as Json)), status);
    expect(desk.disclosures({ patient: NUMBER }).total).toBe(0);
  });

  test('who recorded it is told by its provenance', async () => {
    const ref = await file();
    desk.commit();
    const { json } = await get(`/Provenance?target=Consent/${ref}`);
    expect(json).toMatchObject({ total: 1, entry: [{ resource: { resourceType: 'Provenance' } }] });
    await outcome(await get('/Provenance?target=Patient/1'), 400);
  });
});

test('a bundle is imported, and the report names what was not taken', async () => {
  const entry = [
    { resource: { resourceType: 'Patient', id: NUMBER } },
    { resource: { ...CONSENT, patient: { reference: `Patient/${NUMBER}` } } },
    { resource: { ...CONSENT, status: 'nonsense' } },
  ];
  const reply = await post('/Bundle/$importConsents', { resourceType: 'Bundle', type: 'collection', entry });
  expect(reply.status).toBe(200);
  await requireValidR4(reply.json, ['Parameters']);
  const values = Object.fromEntries(reply.json.parameter.map(({ name, valueInteger }: Json) => [name, valueInteger]));
  expect(values).toMatchObject({ entries: 3, patients: 1, recorded: 1, refused: 1, passedOver: 0 });
  expect(reply.json.parameter.at(-1).resource.issue).toMatchObject([{ expression: ['Bundle.entry[2].resource'] }]);
});

describe('roles', () => {
  test.each([
    ['researcher', 'GET', '/Consent?patient=1', 403],
    ['admin', 'GET', '/Consent?patient=1', 403],
    ['clinical-approver', 'GET', '/Consent/x', 403],
    ['visitor', 'GET', '/Consent/x', 403],
    ['auditor', 'GET', '/Consent?patient=1', 200],
    ['compliance-officer', 'GET', '/Consent?patient=1', 200],
    ['patient-desk', 'GET', '/Consent?patient=1', 200],
    ['patient-desk', 'GET', '/AuditEvent?patient=1', 403],
    ['data-steward', 'GET', '/Provenance?target=Consent/1', 403],
    ['researcher', 'GET', '/AuditEvent?date=2026-01-01', 403],
    ['auditor', 'POST', '/Consent/$fileConsent', 403],
    ['compliance-officer', 'POST', '/Consent/$revokeConsent', 403],
    ['auditor', 'POST', '/AuditEvent/$recordDisclosure', 403],
    ['researcher', 'POST', '/Bundle/$importConsents', 403],
    ['compliance-officer', 'POST', '/Consent', 403],
  ])('%s: %s %s is %i', async (as, method, path, status) => {
    const reply = await api.ask(method, `!/fhir/r4${path}`, { as, ...(method === 'POST' ? { body: {} } : {}) });
    expect(reply.status).toBe(status);
    if (status === 403) await outcome(reply, 403);
  });

  test('nobody without a token', async () => {
    const issues = await outcome(await get('/Consent?patient=1', {}), 401);
    expect(issues).toMatchObject([{ code: 'login' }]);
  });

  test('everybody reads what is offered, and every interaction that it claims is there', async () => {
    const { status, json } = await get('/metadata', {});
    expect(status).toBe(200);
    await requireValidR4(json, ['CapabilityStatement']);
    for (const { type, operation = [] } of json.rest[0].resource as {
      type: string;
      operation?: { name: string }[];
    }[]) {
      expect((await get(`/${type}`)).status).toBe(400);
      for (const { name } of operation) expect((await post(`/${type}/$${name}`, {})).status).not.toBe(404);
    }
  });
});

describe('formats', () => {
  test.each([
    [{ accept: 'application/fhir+xml' }, 406],
    [{ accept: 'text/html' }, 406],
    [{ accept: 'application/fhir+xml, application/fhir+json;q=0.5' }, 200],
    [{ accept: 'application/fhir+json; fhirVersion=3.0' }, 400],
    [{ accept: 'application/fhir+json; fhirVersion=../../etc' }, 400],
  ])('%j is answered with %i', async (headers, status) => {
    expect((await get('/Consent?patient=1', { ...OFFICER, headers })).status).toBe(status);
  });

  test.each(['xml', 'application/fhir+xml', 'text/turtle'])('_format=%s is not given', async (format) => {
    await outcome(await get(`/Consent?patient=1&_format=${encodeURIComponent(format)}`), 406);
  });

  test.each(['application/fhir+xml', 'application/xml', 'text/plain', 'multipart/form-data'])(
    '%s is not taken',
    async (type) => {
      const raw =
        '<Consent xmlns="http://hl7.org/fhir"><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]></Consent>';
      await outcome(
        await api.ask('POST', '!/fhir/r4/Consent', { ...DESK, raw, headers: { 'content-type': type } }),
        415,
      );
    },
  );

  test('what is no JSON is refused without a word of it', async () => {
    const raw = '{"resourceType": "Consent", Jane Doe';
    const issues = await outcome(await api.ask('POST', '!/fhir/r4/Consent', { ...DESK, raw }), 400);
    expect(JSON.stringify(issues)).not.toContain('Jane');
  });

  test('what is too large is refused with its limit', async () => {
    const body = { ...CONSENT, language: 'x'.repeat(RESOURCE_BYTES_MAX) };
    const [issue] = await outcome(await post('/Consent', body), 413);
    expect(issue?.details?.text).toContain(String(RESOURCE_BYTES_MAX));
  });

  test.each([
    ['gateway.example:8443', 'https://gateway.example:8443/fhir/r4'],
    ['[::1]:8443', 'https://[::1]:8443/fhir/r4'],
    ['evil.example/"><script>', 'https://localhost/fhir/r4'],
    ['a b', 'https://localhost/fhir/r4'],
    ['', 'https://localhost/fhir/r4'],
  ])('the host %s is repeated only where it is one', (host, base) => {
    expect(baseOf({ get: () => host } as unknown as Request)).toBe(base);
  });
});

test('a gateway without a consent store says so', async () => {
  const bare = new ApiUnderTest();
  await bare.start();
  const reply = await bare.get('!/fhir/r4/Consent?patient=1', OFFICER);
  await bare.stop();
  expect((await outcome(reply, 404))[0]).toMatchObject({ details: { coding: [{ code: 'CONSENT_NOT_CONFIGURED' }] } });
});

test('nothing of a patient stands in the log', async () => {
  await file();
  await get(`/Consent?patient=${NUMBER}`);
  await get(`/Consent/${NUMBER}`);
  await get(`/Patient/${NUMBER}`);
  await post(`/Consent/$${NUMBER.replace('-', '')}`, { secret: NUMBER });
  await post('/Consent', { ...CONSENT, status: NUMBER });
  desk.record = async () => {
    throw new Error('the disk is full');
  };
  expect((await post('/Consent', { ...CONSENT, language: 'en' })).status).toBe(500);
  expect(api.logged.length).toBeGreaterThan(6);
  expect(JSON.stringify(api.logged)).not.toMatch(new RegExp(`${NUMBER}|000123|MONDO`));
  expect(JSON.stringify(desk.logged)).not.toContain(NUMBER);
});
