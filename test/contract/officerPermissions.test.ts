/** Who may do what at the officer's desk: every route by every role, to a real store over the real contract. */
import type { ConsentRef, Role } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ALLOWED } from '../../gateway/src/http/authorisation.js';
import { ROUTES } from '../../gateway/src/http/routes/index.js';
import { OWN } from '../support/consentHospital.js';
import { HOSPITALS } from '../support/contractChannel.js';
import { OfficerDesk } from '../support/officerDesk.js';

const ROLES = [
  'admin',
  'researcher',
  'data-steward',
  'compliance-officer',
  'clinical-approver',
  'auditor',
  'patient-desk',
] as const;
type Asked = (typeof ROLES)[number];

const EVERYBODY: readonly Asked[] = ROLES;
const OFFICER = ['compliance-officer'] as const;
const RECORDING = ['data-steward', 'patient-desk'] as const;
const READING = ['data-steward', 'compliance-officer', 'auditor', 'patient-desk'] as const;
const JUDGING = ['compliance-officer', 'auditor'] as const;
const GIVING = ['compliance-officer', 'patient-desk'] as const;
const ADMIN = ['admin'] as const;

/** Written by hand, so that a change of the table of roles shows here. */
const MAY: Readonly<Record<string, readonly Asked[]>> = {
  'GET /consents/policies': EVERYBODY,
  'POST /consents/policies': OFFICER,
  'POST /consents/permits': OFFICER,
  'GET /consents/events': READING,
  'POST /consents/events': RECORDING,
  'POST /consents/imports': RECORDING,
  'GET /consents/withdrawals': READING,
  'POST /consents/withdrawals': RECORDING,
  'GET /consents/records': READING,
  'POST /consents/records/searches': READING,
  'GET /consents/records/:ref': READING,
  'GET /consents/records/:ref/history': READING,
  'GET /consents/records/:ref/effective': READING,
  'GET /consents/records/:ref/uses': READING,
  'GET /consents/records/:ref/decisions/:study': READING,
  'GET /consents/records/:ref/reads': JUDGING,
  'GET /consents/records/:ref/page': GIVING,
  'GET /consents/records/:ref/files/:file': GIVING,
  'GET /consents/files/:file': JUDGING,
  'POST /consents/records/:ref/holds': OFFICER,
  'GET /consents/records/:ref/erasure': READING,
  'POST /consents/records/:ref/erasure': OFFICER,
  'GET /consents/hospitals/:msp/records/:ref': READING,
  'GET /consents/hospitals/:msp/records/:ref/effective': READING,
  'POST /consents/hospitals/:msp/records/:ref/effective': READING,
  'GET /consents/records/:ref/withdrawals/:seq/rounds': READING,
  'GET /consents/uses': JUDGING,
  'GET /consents/selections': JUDGING,
  'GET /consents/selections/:selection/decisions': JUDGING,
  'GET /consents/reads': JUDGING,
  'POST /consents/reads/verification': JUDGING,
  'GET /consents/queue': ['data-steward', 'compliance-officer', 'admin'],
  'POST /consents/queue/take-overs': ['data-steward'],
  'GET /consents/backups': ADMIN,
  'POST /consents/backups': ADMIN,
  'POST /consents/restores': ADMIN,
  'POST /consents/key-rotations': ADMIN,
  'POST /studies/:study/approvals': OFFICER,
};

let desk: OfficerDesk;
let ref: string;
beforeAll(async () => {
  desk = new OfficerDesk();
  await desk.start();
  await desk.publish();
  ref = (await desk.grant('P-4711'))[0] as string;
});
afterAll(() => desk.stop());

const filled = (path: string) =>
  path
    .replace(':ref', ref)
    .replace(':msp', OWN)
    .replace(':study', 'heart')
    .replace(':seq', '0')
    .replace(':selection', '1')
    .replace('files/:file', path.includes('records') ? 'files/access.json' : 'files/activities.json');

describe('a role', () => {
  test('is asked for on every route of consents', () => {
    const routes = ROUTES.filter((route) => route.includes(' /consents/'));
    expect(Object.keys(MAY).filter((route) => route.includes(' /consents/'))).toEqual(expect.arrayContaining(routes));
  });

  test.each(Object.keys(MAY))('%s', async (route) => {
    const [method = '', path = ''] = route.split(' ');
    for (const role of [...ROLES, 'visitor' as const]) {
      const may = (MAY[route] as readonly string[]).includes(role);
      // Without a body that holds: whoever may is told that it is none, and nothing happens.
      const reply = await desk.api.ask(method, filled(path), {
        as: role,
        ...(method === 'POST' && !/verification|backups/.test(path) ? { body: { nothing: true } } : {}),
      });
      expect([role, reply.status === 403 && reply.json.code === 'ROLE_REQUIRED']).toEqual([role, !may]);
    }
  });
});

describe('a researcher', () => {
  test('reads no link to a patient anywhere, in no list and no stream', async () => {
    const researcher = desk.as('researcher');
    for (const path of [
      '/hospitals',
      '/studies',
      '/channel',
      '/consents/policies',
      '/consents/records',
      '/consents/events',
    ]) {
      const { text } = await researcher.get(path);
      expect(text).not.toContain('P-4711');
      expect(text).not.toContain(ref);
    }
    expect((await researcher.post('/consents/records/searches', { patient: 'P-4711' })).status).toBe(403);
  });
});

describe('an auditor', () => {
  test('reads refs, and not whose they are', async () => {
    const auditor = desk.as('auditor');
    expect((await auditor.post('/consents/records/searches', { patient: 'P-4711' })).json).toMatchObject({
      code: 'ROLE_REQUIRED',
    });
    const found = await auditor.post('/consents/records/searches', { ref });
    expect(found.json).toMatchObject({ items: [{ ref, patient: null, events: 1 }] });
    for (const part of ['', '/history', '/effective', '/uses'])
      expect((await auditor.get(`/consents/records/${ref}${part}`)).text).not.toContain('P-4711');
  });
});

describe('an officer', () => {
  test('reads no record of another hospital, nor does a steward or a desk', async () => {
    for (const role of ['compliance-officer', 'data-steward', 'patient-desk'] as const)
      for (const msp of HOSPITALS.filter((one) => one !== OWN)) {
        expect((await desk.as(role).get(`/consents/events?msp=${msp}`)).status).toBe(403);
        const record = `/consents/hospitals/${msp}/records/${ref}`;
        expect((await desk.as(role).get(record)).status).toBe(403);
        expect((await desk.as(role).get(`${record}/effective`)).status).toBe(403);
        const { salt } = desk.hospital.store.opening(ref as ConsentRef) as { salt: string };
        const contents = desk.hospital.store.history({ ref: ref as ConsentRef }).map(({ content }) => content);
        expect((await desk.as(role).post(`${record}/effective`, { salt, contents })).json).toMatchObject({
          code: 'ROLE_REQUIRED',
        });
      }
    expect((await desk.as('compliance-officer').get(`/consents/uses?msp=${HOSPITALS[1]}`)).status).toBe(403);
  });
});

test('the table of roles names roles alone', () => {
  const known: readonly Role[] = [...ROLES, 'agent'];
  for (const roles of Object.values(ALLOWED)) for (const role of roles) expect(known).toContain(role);
});
