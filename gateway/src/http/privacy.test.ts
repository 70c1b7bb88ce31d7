import { NoiseResource, SpendingResource, StudyResource, TableResource } from '@consilium/client/resources';
import { canonicalDigest, privacySpent, privacyTable, type StudyId, StudyProtocol } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiUnderTest } from './testing/apiUnderTest.js';
import { CLEVELAND, HEART, MSPS, PROTOCOL, VA, writeStudy } from './testing/channelExample.js';

let api: ApiUnderTest;
beforeEach(async () => {
  api = new ApiUnderTest();
  await api.start();
});
afterEach(() => api.stop());

const SETTINGS = { samplingRate: 1, noiseMultiplier: 20, delta: 1e-5 };
const TABLE = privacyTable(SETTINGS, PROTOCOL);

function privateProtocol(table: readonly number[] = TABLE): StudyProtocol {
  return StudyProtocol.parse({
    ...PROTOCOL,
    metrics: 'final',
    validationShare: 0,
    privacy: {
      ...SETTINGS,
      patientClipNorm: 1,
      budgetMicroEpsilon: 2_000_000,
      spentMicroEpsilonAfterRound: table,
      declaredPatients: Object.fromEntries(MSPS.map((msp) => [msp, 100])),
    },
  });
}

describe('noise for a target', () => {
  test('is the least that keeps within it, and says what it spends', async () => {
    const reply = await api.get('/privacy/noise?epsilon=1&delta=1e-5&samplingRate=1&steps=15');
    expect(reply.status).toBe(200);
    const { noiseMultiplier, precision, spent } = NoiseResource.parse(reply.json);
    expect(spent.epsilon).toBeLessThanOrEqual(1);
    expect(spent).toEqual(privacySpent({ samplingRate: 1, noiseMultiplier }, 15, 1e-5));
    const less = { samplingRate: 1, noiseMultiplier: noiseMultiplier - 2 * precision };
    expect(privacySpent(less, 15, 1e-5).epsilon).toBeGreaterThan(1);
  });

  test.each([
    ['epsilon=0&delta=1e-5&samplingRate=1&steps=15', 'query.epsilon'],
    ['epsilon=-1&delta=1e-5&samplingRate=1&steps=15', 'query.epsilon'],
    ['epsilon=NaN&delta=1e-5&samplingRate=1&steps=15', 'query.epsilon'],
    ['epsilon=Infinity&delta=1e-5&samplingRate=1&steps=15', 'query.epsilon'],
    ['epsilon=1e999&delta=1e-5&samplingRate=1&steps=15', 'query.epsilon'],
    ['epsilon=1&epsilon=9&delta=1e-5&samplingRate=1&steps=15', 'query.epsilon'],
    ['epsilon=1&delta=0&samplingRate=1&steps=15', 'query.delta'],
    ['epsilon=1&delta=0.5&samplingRate=1&steps=15', 'query.delta'],
    ['epsilon=1&delta=1e-5&samplingRate=1.5&steps=15', 'query.samplingRate'],
    ['epsilon=1&delta=1e-5&samplingRate=0&steps=15', 'query.samplingRate'],
    ['epsilon=1&delta=1e-5&samplingRate=1&steps=1.5', 'query.steps'],
    ['epsilon=1&delta=1e-5&samplingRate=1&steps=1e9', 'query.steps'],
    ['epsilon=1&delta=1e-5&samplingRate=1', 'query.steps'],
    ['epsilon=1&delta=1e-5&samplingRate=1&steps=15&sigma=1', 'query'],
  ])('of %s is refused, and says of what', async (query, problem) => {
    const reply = await api.get(`/privacy/noise?${query}`);
    expect(reply).toMatchObject({ status: 400, json: { code: 'INPUT_INVALID' } });
    expect(reply.json.detail).toContain(problem);
  });

  test('that no noise reaches is refused with the reason', async () => {
    const reply = await api.get('/privacy/noise?epsilon=0.001&delta=1e-5&samplingRate=1&steps=15');
    expect(reply).toMatchObject({ status: 400, json: { code: 'PRIVACY_TARGET_OUT_OF_REACH' } });
    expect(reply.json.detail).toContain('no noise keeps 15 steps within epsilon 0.001');
  });

  test('is not for the patient desk, nor for strangers', async () => {
    const path = '/privacy/noise?epsilon=1&delta=1e-5&samplingRate=1&steps=15';
    expect((await api.get(path, { as: 'patient-desk' })).json.code).toBe('ROLE_REQUIRED');
    expect((await api.get(path, {})).status).toBe(401);
  });
});

describe('a table', () => {
  test('is that of a protocol with such settings', async () => {
    const { steps } = PROTOCOL.training;
    const reply = await api.get(`/privacy/table?samplingRate=1&noiseMultiplier=20&delta=1e-5&steps=${steps}&rounds=13`);
    expect(TableResource.parse(reply.json).spentMicroEpsilonAfterRound).toEqual(TABLE);
  });

  test('of no rounds, or too many, is refused', async () => {
    for (const rounds of [0, 2_001]) {
      const query = `samplingRate=1&noiseMultiplier=20&delta=1e-5&steps=1&rounds=${rounds}`;
      expect((await api.get(`/privacy/table?${query}`)).json.code).toBe('INPUT_INVALID');
    }
  });
});

describe('a protocol whose table is not the accountant’s', () => {
  const low = privateProtocol(TABLE.map((spent, k) => (k < 2 ? spent : Math.floor(spent / 2) + (TABLE[1] as number))));
  const approve = (protocol: StudyProtocol) =>
    api.post(
      `/studies/${HEART}/approvals`,
      { version: 1, protocolHash: canonicalDigest(protocol) },
      { as: 'compliance-officer' },
    );

  test('cannot be approved here, whoever proposed it: the refusal says which round differs, and how', async () => {
    writeStudy(api.state, [CLEVELAND], HEART, low);
    const reply = await approve(low);
    expect(reply).toMatchObject({ status: 400, json: { code: 'PRIVACY_TABLE_FALSE' } });
    expect(reply.json.detail).toMatch(/^after 3 rounds .*sigma 20/);
    expect(reply.json.detail).toContain(String(TABLE[2]));
    expect(reply.json.detail).toContain(String(low.privacy?.spentMicroEpsilonAfterRound[2]));
    expect(api.sent).toEqual([]);
  });

  test('cannot be proposed here either', async () => {
    const reply = await api.post('/studies', { study: HEART, protocol: low });
    expect(reply).toMatchObject({ status: 400, json: { code: 'PRIVACY_TABLE_FALSE' } });
    expect(api.sent).toEqual([]);
  });

  test('one that is goes to the channel', async () => {
    writeStudy(api.state, [CLEVELAND], HEART, privateProtocol());
    expect((await approve(privateProtocol())).status).toBe(202);
    expect(api.sent).toMatchObject([{ name: 'StudyContract:approveStudy' }]);
  });
});

describe('what was spent', () => {
  const spend = (study: StudyId, msp: string, joins: number) =>
    api.state.write({
      [`spent~${study}~${msp}`]: { study, msp, protocolVersion: 1, joins, microEpsilon: TABLE[joins - 1] },
    });

  test('stands with the study, by hospital', async () => {
    writeStudy(api.state, MSPS, HEART, privateProtocol());
    spend(HEART, CLEVELAND, 2);
    spend(HEART, VA, 1);
    const { spent } = StudyResource.parse((await api.get(`/studies/${HEART}`)).json);
    expect(spent).toMatchObject([
      { msp: CLEVELAND, joins: 2, microEpsilon: TABLE[1] },
      { msp: VA, joins: 1, microEpsilon: TABLE[0] },
    ]);
  });

  test('by this hospital adds up over its studies, epsilons and deltas alike', async () => {
    expect(SpendingResource.parse((await api.get('/privacy/spending')).json)).toEqual({
      studies: [],
      total: { microEpsilon: 0, delta: 0 },
    });
    const lung = 'lung' as StudyId;
    for (const study of [HEART, lung]) writeStudy(api.state, MSPS, study, privateProtocol());
    spend(HEART, CLEVELAND, 2);
    spend(HEART, VA, 3);
    spend(lung, CLEVELAND, 1);
    const { studies, total } = SpendingResource.parse((await api.get('/privacy/spending')).json);
    expect(studies).toMatchObject([
      { study: HEART, joins: 2, microEpsilon: TABLE[1], delta: 1e-5, budgetMicroEpsilon: 2_000_000 },
      { study: lung, joins: 1, microEpsilon: TABLE[0] },
    ]);
    expect(total).toEqual({ microEpsilon: (TABLE[1] as number) + (TABLE[0] as number), delta: 2e-5 });
  });
});
