import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { UNAUTHENTICATED_PER_MINUTE_MAX } from './apiLimits.js';
import { ApiUnderTest, tokenOf } from './testing/apiUnderTest.js';
import { CLEVELAND, digestOf, HEART, writeInitialRound, writeModel, writeStudy } from './testing/channelExample.js';

let api: ApiUnderTest;
beforeEach(async () => {
  api = new ApiUnderTest();
  await api.start();
});
afterEach(() => api.stop());

const authorization = (value: string) => ({ headers: { authorization: value } });

describe('who asks', () => {
  test('without a token is refused, and told how to say who it is', async () => {
    const reply = await api.get('/studies', {});
    expect(reply.status).toBe(401);
    expect(reply.headers['www-authenticate']).toBe('Bearer');
    expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(reply.json).toMatchObject({
      type: 'urn:consilium:error:UNAUTHENTICATED',
      status: 401,
      code: 'UNAUTHENTICATED',
      detail: expect.stringContaining('Authorization: Bearer'),
    });
  });

  test.each([
    ['a wrong token', 'Bearer not-a-token'],
    ['the token of another hospital', `Bearer ${tokenOf('researcher')}-of-hungary`],
    ['an empty token', 'Bearer '],
    ['another scheme', `Basic ${Buffer.from(`x:${tokenOf('researcher')}`).toString('base64')}`],
    ['the digest instead of the token', `Bearer ${digestOf(tokenOf('researcher'))}`],
    ['a token longer than any', `Bearer ${'a'.repeat(600)}`],
  ])('with %s is refused alike', async (_, value) => {
    const reply = await api.get('/studies', authorization(value));
    expect(reply).toMatchObject({ status: 401, json: { code: 'UNAUTHENTICATED' } });
  });

  test('is known before a body is read', async () => {
    const reply = await api.ask('POST', '/studies', { raw: 'x'.repeat(2 * 1024 * 1024) }).catch(() => undefined);
    expect(reply === undefined || reply.status === 401).toBe(true);
    expect(api.sent).toEqual([]);
  });

  test('and fails too often is told to wait, while people with a token go on', async () => {
    const replies = await Promise.all(
      Array.from({ length: UNAUTHENTICATED_PER_MINUTE_MAX + 5 }, () => api.get('/studies', {})),
    );
    expect(replies.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
    expect((await api.get('/studies', {})).json).toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429 });
    expect((await api.get('/health', {})).status).toBe(429);
  });

  test('health is for everybody and tells nothing of people', async () => {
    writeStudy(api.state);
    const reply = await api.get('/health', {});
    expect(reply.status).toBe(200);
    expect(reply.json).toEqual({
      status: 'up',
      msp: CLEVELAND,
      name: 'Cleveland',
      height: api.state.height(),
      peerReachable: true,
      engine: null,
      studiesRunning: [HEART],
    });
    api.peer = { ...api.peer, isUp: () => false };
    expect((await api.get('/health', {})).json).toMatchObject({ status: 'degraded', peerReachable: false });
  });

  test('no token stands in the log', async () => {
    await api.get('/studies');
    await api.get('/studies', authorization('Bearer secret-of-somebody'));
    expect(api.logged.length).toBeGreaterThan(1);
    expect(JSON.stringify(api.logged)).not.toMatch(/token-of|secret-of-somebody/);
  });
});

describe('what a role may', () => {
  beforeEach(() => {
    writeStudy(api.state);
    writeInitialRound(api.state, [[CLEVELAND, 'zero']]);
    writeModel(api.state, 0, 'zero', [CLEVELAND]);
    api.blobs.set(digestOf('zero'), Buffer.from('weights'));
    api.ownRows = {
      predictions: async ({ study, version, digest }) => ({
        study,
        version,
        digest,
        engine: { name: 'wasm', version: '1' },
        rows: [{ line: 7, score: 0.25, label: 1 }],
      }),
      trainAlone: async () => {
        throw new Error('not asked for');
      },
      report: async (study) => ({
        study,
        file: 'heart.csv',
        columns: ['age', 'num'],
        rowsRead: 3,
        unusedLines: 0,
        used: { train: 1, validation: 0, test: 1, leftOut: 0 },
        dropped: { rows: 1, byColumn: { age: 1 } },
        warnings: [],
      }),
      engine: () => null,
    };
  });

  test.each([
    ['researcher', '/studies/heart/models/0/predictions', 200],
    ['clinical-approver', '/studies/heart/models/0/predictions', 200],
    ['admin', '/studies/heart/models/0/predictions', 403],
    ['auditor', '/studies/heart/models/0/predictions', 403],
    ['data-steward', '/studies/heart/models/0/predictions', 403],
    ['auditor', '/studies/heart/models/0/file', 200],
    ['data-steward', '/studies/heart/models/0/file', 403],
    ['data-steward', '/studies/heart/data-report', 200],
    ['auditor', '/studies/heart/data-report', 403],
    ['auditor', '/studies/heart', 200],
    ['patient-desk', '/studies/heart', 403],
    ['patient-desk', '/studies/heart/rounds/0', 403],
    ['patient-desk', '/events', 403],
    ['patient-desk', '/hospitals', 200],
    ['visitor', '/studies', 403],
  ])('%s asks for %s: %i', async (as, path, status) => {
    const reply = await api.get(path, { as });
    expect(reply.status).toBe(status);
    if (status === 403)
      expect(reply.json).toMatchObject({ code: 'ROLE_REQUIRED', detail: expect.stringContaining(as) });
  });

  test.each([
    ['admin', '/studies/heart/baselines'],
    ['data-steward', '/studies/heart/rounds/0/verification'],
  ])('%s may not start work at %s', async (as, path) => {
    expect(await api.post(path, {}, { as })).toMatchObject({ status: 403, json: { code: 'ROLE_REQUIRED' } });
  });

  test('what a transaction takes is left to the contract: its refusal comes out as it is', async () => {
    const { refusal } = await import('@consilium/domain');
    api.send = async () => {
      throw refusal('ROLE_REQUIRED', {
        action: 'StudyContract:castVote',
        role: 'compliance-officer',
        caller: CLEVELAND,
        found: 'researcher',
      });
    };
    const reply = await api.post('/studies/heart/votes', { subject: 'end', yes: true });
    expect(reply).toMatchObject({ status: 403, json: { code: 'ROLE_REQUIRED' } });
  });
});
