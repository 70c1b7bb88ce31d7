import { setTimeout as wait } from 'node:timers/promises';
import { BaselineResult, JobResource, VerificationReport } from '@consilium/client/resources';
import { refusal } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EvidencePacks } from '../exports/evidence/evidencePacks.js';
import { JOBS_RUNNING_MAX } from './apiLimits.js';
import type { OwnRows } from './ports.js';
import { ApiUnderTest } from './testing/apiUnderTest.js';
import { CLEVELAND, HEART, writeInitialRound, writeStudy } from './testing/channelExample.js';

const RESULT: BaselineResult = {
  study: HEART,
  engine: { name: 'wasm', version: '4' },
  trainingRows: 9,
  trainingPositives: 4,
  metrics: { kind: 'number', patients: 3, loss: 10, absoluteError: 2 },
  rows: [{ line: 2, score: 0.5, label: 1 }],
  seconds: 1,
};

let api: ApiUnderTest;
let asked: Parameters<OwnRows['trainAlone']>[0][];
let finish: (() => void)[];
let cancelled: number;
beforeEach(async () => {
  api = new ApiUnderTest();
  await api.start();
  writeStudy(api.state);
  asked = [];
  finish = [];
  cancelled = 0;
  api.ownRows = {
    ...api.ownRows,
    trainAlone: (task, onProgress, signal) =>
      new Promise((resolve, reject) => {
        asked.push(task);
        onProgress(0.5);
        finish.push(() => resolve(RESULT));
        signal.addEventListener('abort', () => {
          cancelled += 1;
          reject(signal.reason);
        });
      }),
  };
});
afterEach(() => api.stop());

const start = async (body: unknown = {}) => {
  const reply = await api.post('/studies/heart/baselines', body);
  return { reply, job: JobResource.parse(reply.json) };
};
const read = async (id: string) => JobResource.parse((await api.get(`/jobs/${id}`)).json);

describe('a job', () => {
  test('is started, followed and read', async () => {
    const { reply, job } = await start({ training: { steps: 7, averageFromStep: 3 } });
    expect(reply.status).toBe(202);
    expect(reply.headers.location).toBe(`/api/v1/jobs/${job.id}`);
    expect(await read(job.id)).toMatchObject({ state: 'running', progress: 0.5, kind: 'baseline', result: null });
    expect(asked).toMatchObject([{ study: HEART }]);
    // What is left out is not there at all: the study's own stands.
    expect(asked[0]?.training).toEqual({ steps: 7, averageFromStep: 3 });
    finish[0]?.();
    await wait(5);
    const over = await read(job.id);
    expect(over).toMatchObject({ state: 'succeeded', progress: 1, problem: null });
    expect(BaselineResult.parse(over.result)).toEqual(RESULT);
  });

  test('belongs to who started it: its result may be nobody else’s to read', async () => {
    const { job } = await start();
    for (const as of ['admin', 'auditor', 'clinical-approver']) {
      expect((await api.get(`/jobs/${job.id}`, { as })).json).toMatchObject({ code: 'JOB_UNKNOWN' });
      expect((await api.ask('DELETE', `/jobs/${job.id}`, { as })).json).toMatchObject({ code: 'JOB_UNKNOWN' });
    }
    expect(cancelled).toBe(0);
  });

  test('is cancelled, and stays so', async () => {
    const { job } = await start();
    const reply = await api.ask('DELETE', `/jobs/${job.id}`, { as: 'researcher' });
    expect(JobResource.parse(reply.json)).toMatchObject({ state: 'cancelled', problem: { code: 'JOB_CANCELLED' } });
    expect(cancelled).toBe(1);
    finish[0]?.();
    await wait(5);
    expect(await read(job.id)).toMatchObject({ state: 'cancelled', result: null });
  });

  test('that fails keeps the reason', async () => {
    api.ownRows = {
      ...api.ownRows,
      trainAlone: async () => {
        throw refusal('ENGINE_UNAVAILABLE', { engine: 'tfjs-node', reason: 'no library' });
      },
    };
    const { job } = await start();
    await wait(5);
    expect(await read(job.id)).toMatchObject({ state: 'failed', problem: { code: 'ENGINE_UNAVAILABLE', status: 503 } });
  });

  test('beyond what may run at one time is refused, and a place becomes free again', async () => {
    for (let number = 0; number < JOBS_RUNNING_MAX; number++) expect((await start()).reply.status).toBe(202);
    const refused = await api.post('/studies/heart/baselines', {});
    expect(refused).toMatchObject({ status: 429, json: { code: 'JOBS_TOO_MANY' } });
    finish[0]?.();
    await wait(5);
    expect((await start()).reply.status).toBe(202);
  });

  test('with settings that cannot be is refused', async () => {
    for (const training of [{ steps: 0 }, { momentum: 1 }, { optimiser: { kind: 'magic' } }])
      expect(await api.post('/studies/heart/baselines', { training })).toMatchObject({
        status: 400,
        json: { code: 'INPUT_INVALID' },
      });
    expect(asked).toEqual([]);
  });
});

describe('a verification', () => {
  test('is a job whose result tells what was checked', async () => {
    writeInitialRound(api.state, [[CLEVELAND, 'zero']]);
    const score = { msp: CLEVELAND, weightSent: -3, weight: 1, norm: 9, clipFactor: 0.5, distance: 2 };
    const report = {
      study: HEART,
      round: 0,
      ok: true,
      checks: [{ name: 'version', ok: true, detail: 'the same bytes' }],
      disputeLifted: true,
      scores: [score],
    };
    api.verifier = { verify: async () => report };
    const pack = { bytes: 0, pieces: async function* () {} };
    const asked: unknown[] = [];
    api.evidence = {
      as: (person) =>
        ({
          recomputation: async (subject: object) => {
            asked.push({ person, subject });
            return pack;
          },
        }) as unknown as EvidencePacks,
    };
    const found = {
      ran: true,
      holds: true,
      genesis: 'ab'.repeat(32),
      failures: [],
      about: [],
      proven: ['sum'],
      limits: ['training'],
    } as const;
    api.independent = {
      check: async () => ({ ...found, failures: [], about: [], proven: ['sum'], limits: ['training'] }),
    };
    const reply = await api.post('/studies/heart/rounds/0/verification', {}, { as: 'auditor' });
    expect(reply.status).toBe(202);
    await wait(5);
    const job = JobResource.parse((await api.get(`/jobs/${reply.json.id}`, { as: 'auditor' })).json);
    expect(VerificationReport.parse(job.result)).toEqual({ ...report, excerpt: null, independent: found });
    expect(asked).toEqual([{ person: 'auditor', subject: { study: 'heart', round: 0 } }]);
  });

  test.each([
    ['the second implementation finds a fault', { holds: false }, false],
    ['it holds', { holds: true }, true],
  ])('where %s, says so', async (_what, found, ok) => {
    writeInitialRound(api.state, [[CLEVELAND, 'zero']]);
    const report = { study: HEART, round: 0, ok: true, checks: [], disputeLifted: false };
    api.verifier = { verify: async () => report };
    api.evidence = { as: () => ({ recomputation: async () => ({}) }) as unknown as EvidencePacks };
    const lists = { failures: [{ where: 'sum', why: 'other' }], about: [], proven: [], limits: [] };
    api.independent = { check: async () => ({ ran: true, genesis: null, ...lists, ...found }) };
    const reply = await api.post('/studies/heart/rounds/0/verification', {}, { as: 'auditor' });
    await wait(5);
    const job = JobResource.parse((await api.get(`/jobs/${reply.json.id}`, { as: 'auditor' })).json);
    expect(VerificationReport.parse(job.result)).toMatchObject({ ok, independent: { ran: true, ...found } });
  });

  test('stands without the second implementation where peers are away, and says what was not checked', async () => {
    writeInitialRound(api.state, [[CLEVELAND, 'zero']]);
    api.verifier = { verify: async () => ({ study: HEART, round: 0, ok: true, checks: [], disputeLifted: false }) };
    const away = refusal('LEDGER_UNAVAILABLE', { reason: 'no majority answers' });
    api.evidence = { as: () => ({ recomputation: () => Promise.reject(away) }) as unknown as EvidencePacks };
    const reply = await api.post('/studies/heart/rounds/0/verification', {}, { as: 'auditor' });
    await wait(5);
    const job = JobResource.parse((await api.get(`/jobs/${reply.json.id}`, { as: 'auditor' })).json);
    expect(job.result).toMatchObject({ ok: true, independent: { ran: false, why: away.message } });
  });
});
