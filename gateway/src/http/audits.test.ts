/** Who has evidence made of what, and what is written down about it. */
import { setTimeout as wait } from 'node:timers/promises';
import { refusal } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EvidencePacks } from '../exports/evidence/evidencePacks.js';
import { BUNDLES_SENT_MAX } from './apiLimits.js';
import type { ConsentOffice } from './consentOffice.js';
import { ApiUnderTest } from './testing/apiUnderTest.js';

const REF = 'ab'.repeat(16);
const PACK = 'consilium-evidence 1';

let api: ApiUnderTest;
let asked: unknown[];
let reads: { kind: string; ref?: string | undefined; query?: string | undefined; by: { name: string } }[];

beforeEach(async () => {
  api = new ApiUnderTest();
  asked = [];
  reads = [];
  const making = (what: string, person: string) => async (subject: unknown, options: Record<string, unknown>) => {
    const { signal: _, ...rest } = options;
    asked.push({ what, person, subject, options: rest });
    return Buffer.from(PACK);
  };
  api.evidence = {
    as: (person) =>
      person === 'visitor'
        ? undefined
        : ({
            consent: making('consent', person),
            round: making('round', person),
            cohort: making('cohort', person),
            membership: making('membership', person),
          } as unknown as EvidencePacks),
  };
  api.consents = { logRead: (entry: (typeof reads)[number]) => reads.push(entry) } as unknown as ConsentOffice;
  await api.start();
});
afterEach(() => api.stop());

const PATHS = [
  `/audits/records/ClevelandMSP/${REF}`,
  '/audits/studies/heart/rounds/3',
  '/audits/studies/heart/rounds/3/cohort',
  `/audits/studies/heart/memberships/${REF}`,
];

describe('evidence', () => {
  test('is a file, made in the name of who asks', async () => {
    const reply = await api.get('/audits/studies/heart/rounds/3/cohort', { as: 'auditor' });
    expect(reply).toMatchObject({
      status: 200,
      text: PACK,
      headers: {
        'content-type': 'application/octet-stream',
        'content-disposition': 'attachment; filename="heart-cohort-3.evidence"',
        'cache-control': 'no-store',
      },
    });
    expect(asked).toEqual([
      {
        what: 'cohort',
        person: 'auditor',
        subject: { study: 'heart', round: 3 },
        options: { wholeBlocks: false, withPatients: false },
      },
    ]);
  });

  test.each(PATHS)('%s is for compliance officers and auditors alone', async (path) => {
    for (const as of ['researcher', 'admin', 'data-steward', 'clinical-approver', 'patient-desk', 'visitor'])
      expect(await api.get(path, { as })).toMatchObject({ status: 403, json: { code: 'ROLE_REQUIRED' } });
    expect(asked).toEqual([]);
    for (const as of ['compliance-officer', 'auditor']) expect((await api.get(path, { as })).status).toBe(200);
  });

  test('with patient numbers is for the compliance officer alone', async () => {
    for (const path of [`${PATHS[0]}?open=patient`, `${PATHS[2]}?open=patients`, `${PATHS[3]}?open=patient`]) {
      expect(await api.get(path, { as: 'auditor' })).toMatchObject({ status: 403, json: { code: 'ROLE_REQUIRED' } });
      expect((await api.get(path, { as: 'compliance-officer' })).status).toBe(200);
    }
    expect(asked).toMatchObject([
      { options: { open: 'patient' } },
      { options: { withPatients: true } },
      { options: { withPatient: true } },
    ]);
  });

  test("about another hospital's record is for its auditors, and opens nothing", async () => {
    const path = `/audits/records/HungaryMSP/${REF}`;
    expect((await api.get(path, { as: 'compliance-officer' })).status).toBe(403);
    expect((await api.get(path, { as: 'auditor' })).status).toBe(200);
    expect(await api.get(`${path}?open=contents`, { as: 'auditor' })).toMatchObject({
      status: 403,
      json: { code: 'CONSENT_FOREIGN_RECORD' },
    });
  });

  test('is written down with what it opens, before it is made', async () => {
    await api.get(`${PATHS[0]}?open=patient`, { as: 'compliance-officer' });
    await api.get(`${PATHS[2]}?open=patients&blocks=all`, { as: 'compliance-officer' });
    expect(reads).toMatchObject([
      {
        kind: 'evidence',
        ref: REF,
        by: { name: 'compliance-officer' },
        query: expect.stringMatching(/opened: patient/),
      },
      { kind: 'audit', query: 'the cohort of round 3 of heart, opened: patients' },
    ]);
    expect(asked[1]).toMatchObject({ options: { wholeBlocks: true } });
  });

  test.each([
    ['/audits/records/ClevelandMSP/../../etc', 404],
    [`/audits/records/Cleveland%0d%0aMSP/${REF}`, 400],
    ['/audits/records/ClevelandMSP/nobody', 400],
    ['/audits/studies/heart/rounds/-1/cohort', 400],
    [`${PATHS[0]}?open=everything`, 400],
    [`${PATHS[2]}?patients=true`, 400],
  ])('%s is refused', async (path, status) => {
    expect((await api.get(path, { as: 'compliance-officer' })).status).toBe(status);
    expect(asked).toEqual([]);
  });
});

describe('a bundle of a round', () => {
  const PATH = '/audits/studies/heart/rounds/3/recomputation';
  const FILE = Buffer.alloc(3 * 1024 * 1024, 7);
  let began: number;
  let made: AbortSignal[];

  /** Its last piece comes once `last` resolves. */
  function bundles(last: () => Promise<void>) {
    began = 0;
    made = [];
    const recomputation = async (_subject: object, { signal }: { signal: AbortSignal }) => {
      made.push(signal);
      return {
        bytes: FILE.length + 3,
        pieces: async function* () {
          began += 1;
          yield FILE;
          await last();
          yield Buffer.from('end');
        },
      };
    };
    api.evidence = { as: () => ({ recomputation }) as unknown as EvidencePacks };
  }

  test('comes as it is read, its length told beforehand, for whoever may verify rounds', async () => {
    bundles(() => Promise.resolve());
    for (const as of ['admin', 'researcher', 'compliance-officer', 'auditor'])
      expect(await api.get(PATH, { as })).toMatchObject({
        status: 200,
        headers: {
          'content-length': String(FILE.length + 3),
          'content-disposition': 'attachment; filename="heart-round-3-recomputation.evidence"',
        },
      });
    for (const as of ['data-steward', 'clinical-approver', 'patient-desk', 'visitor'])
      expect(await api.get(PATH, { as })).toMatchObject({ status: 403, json: { code: 'ROLE_REQUIRED' } });
  });

  test('stops for somebody who left, and makes room for others: so many are sent at one time', async () => {
    bundles(() => new Promise(() => {}));
    const leaving = new AbortController();
    const waiting = Array.from({ length: BUNDLES_SENT_MAX }, () =>
      api.get(PATH, { as: 'auditor', signal: leaving.signal }).catch(() => 'left'),
    );
    await until(() => began === BUNDLES_SENT_MAX);
    expect(await api.get(PATH, { as: 'auditor' })).toMatchObject({ status: 429, json: { code: 'PACKS_TOO_MANY' } });
    leaving.abort();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'left'));
    await until(() => made.every(({ aborted }) => aborted));
    bundles(() => Promise.resolve());
    await until(async () => (await api.get(PATH, { as: 'auditor' })).status === 200);
  });

  test('that breaks off on its way ends short of the length that was told', async () => {
    bundles(() => Promise.reject(new Error('the disk is gone')));
    await expect(api.get(PATH, { as: 'auditor' })).rejects.toThrow();
  });

  test('that cannot be made is refused with the reason', async () => {
    const away = refusal('VECTOR_UNKNOWN', { digest: 'ab'.repeat(32) });
    api.evidence = { as: () => ({ recomputation: () => Promise.reject(away) }) as unknown as EvidencePacks };
    expect(await api.get(PATH, { as: 'auditor' })).toMatchObject({ json: { code: 'VECTOR_UNKNOWN' } });
  });
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(10);
}
