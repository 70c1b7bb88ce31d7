import {
  ChannelResource,
  EvaluationResource,
  ModelResource,
  pageOf,
  RoundResource,
  RoundSummary,
  StudyResource,
  StudySummary,
} from '@consilium/client/resources';
import { type Digest, FIRST_PROGRESS, type HospitalTimings } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiUnderTest } from './testing/apiUnderTest.js';
import {
  CLEVELAND,
  digestOf,
  HEART,
  HUNGARY,
  MSPS,
  SWITZERLAND,
  transactionIdOf,
  VA,
  writeInitialRound,
  writeModel,
  writeStudy,
} from './testing/channelExample.js';

let api: ApiUnderTest;
beforeEach(async () => {
  api = new ApiUnderTest();
  await api.start();
});
afterEach(() => api.stop());

const readStudy = async () => StudyResource.parse((await api.get('/studies/heart')).json);
const vote = (subject: string, yes: readonly string[]) => {
  for (const msp of yes)
    api.state.write({
      [`vote~heart~${subject}~${msp}`]: { study: HEART, subject, msp, yes: true, reason: '', castBy: 'x', castAt: 5 },
    });
};

describe('a study', () => {
  test('is proposed until all members approved the hash, and says whose approval is missing', async () => {
    writeStudy(api.state, [CLEVELAND, HUNGARY]);
    expect(await readStudy()).toMatchObject({
      stage: 'proposed',
      active: false,
      missingApprovals: [SWITZERLAND, VA],
      registered: [CLEVELAND, HUNGARY],
      rounds: 0,
      progress: FIRST_PROGRESS,
    });
    writeStudy(api.state, [SWITZERLAND, VA]);
    expect(await readStudy()).toMatchObject({ stage: 'active', active: true, missingApprovals: [] });
    const list = pageOf(StudySummary).parse((await api.get('/studies')).json);
    expect(list.items).toMatchObject([{ study: HEART, stage: 'active', title: 'Heart disease' }]);
  });

  test('an approval of another hash does not count', async () => {
    writeStudy(api.state, [CLEVELAND]);
    const key = `approval~heart~0000000001~${CLEVELAND}`;
    api.state.write({ [key]: { ...(api.state.get(key) as object), protocolHash: digestOf('another') } });
    expect((await readStudy()).missingApprovals).toContain(CLEVELAND);
  });

  test('shows every approval with the transaction that recorded it', async () => {
    writeStudy(api.state, [CLEVELAND]);
    const { versions } = await readStudy();
    expect(versions).toHaveLength(1);
    expect(versions[0]?.approvals[0]).toMatchObject({
      msp: CLEVELAND,
      record: { transactionId: transactionIdOf('1'), block: 1 },
    });
  });

  test('ends by a carried vote, not by fewer', async () => {
    writeStudy(api.state);
    vote('end', [CLEVELAND, HUNGARY]);
    expect(await readStudy()).toMatchObject({
      stage: 'active',
      votes: [{ subject: 'end', needed: 3, carried: false }],
    });
    vote('end', [VA]);
    expect(await readStudy()).toMatchObject({ stage: 'ended', votes: [{ subject: 'end', carried: true }] });
  });

  test('has ended, or is paused, only once its last version is recorded', async () => {
    writeStudy(api.state);
    writeInitialRound(
      api.state,
      MSPS.map((msp) => [msp, 'zero'] as const),
    );
    vote('end', [CLEVELAND, HUNGARY, VA]);
    expect((await readStudy()).stage).toBe('active');
    writeModel(api.state, 0, 'zero', MSPS.slice(0, 3));
    expect((await readStudy()).stage).toBe('ended');
  });

  test("shows what this hospital's agent failed at", async () => {
    writeStudy(api.state);
    expect((await readStudy()).failures).toEqual([]);
    const failure = {
      step: 'makeVector',
      round: 2,
      code: 'TRAINING_NOT_FINITE',
      detail: 'NaN',
      times: 3,
      at: 9,
    } as const;
    api.failures = { failures: (study) => (study === HEART ? [failure] : []) };
    expect((await readStudy()).failures).toEqual([failure]);
  });

  test('whose patients all have one class says so, also while the next round is tried', async () => {
    writeStudy(api.state);
    writeInitialRound(api.state, []);
    const outcome = { kind: 'none', reason: 'ONE_CLASS', sumDigest: digestOf('sum') };
    for (const msp of [CLEVELAND, HUNGARY, VA])
      api.state.write({ [`attestation~heart~0000000000~${msp}`]: { study: HEART, round: 0, msp, outcome, at: 7 } });
    const failures = [{ code: 'FEDERATION_ONE_CLASS', step: 'aggregate', round: 0, times: 1, at: 7 }];
    expect(await readStudy()).toMatchObject({ stage: 'active', failures });
    const round = api.state.get('round~heart~0000000000') as object;
    api.state.write({ 'round~heart~0000000001': { ...round, round: 1 } });
    expect((await readStudy()).failures).toMatchObject(failures);
  });

  test('is paused after too many aborts, until members vote to go on', async () => {
    writeStudy(api.state);
    writeInitialRound(api.state, []);
    const round = api.state.get('round~heart~0000000000') as object;
    api.state.write({
      'round~heart~0000000000': { ...round, progress: { ...FIRST_PROGRESS, abortsInRow: 4 } },
      'close~heart~0000000000~attesting': {
        study: HEART,
        round: 0,
        phase: 'attesting',
        found: [],
        abort: 'VOTED',
        closedBy: VA,
        at: 9,
      },
    });
    expect(await readStudy()).toMatchObject({ stage: 'paused', progress: { abortsInRow: 5 } });
    vote('resume~0000000001', [CLEVELAND, HUNGARY, VA]);
    expect((await readStudy()).stage).toBe('active');
  });
});

describe('a round', () => {
  test('says how many attested alike, and who did not', async () => {
    writeStudy(api.state);
    writeInitialRound(api.state, [
      [CLEVELAND, 'zero'],
      [HUNGARY, 'zero'],
      [SWITZERLAND, 'other'],
      [VA, 'zero'],
    ]);
    const timings: HospitalTimings = {
      study: HEART,
      round: 0,
      msp: CLEVELAND,
      phases: { attesting: { readyAt: 1, seenAt: 2 } },
      spans: [],
    };
    api.timings = { timings: (study, round) => (study === HEART && round === 0 ? timings : undefined) };
    const round = RoundResource.parse((await api.get('/studies/heart/rounds/0')).json);
    expect(round).toMatchObject({
      stage: 'agreed',
      attestations: 3,
      modelDigest: digestOf('zero'),
      status: null,
      abort: null,
      disputes: [{ members: [SWITZERLAND], outcome: { digest: digestOf('other') } }],
      timings,
    });
    expect(Object.keys(round.attested)).toEqual([...MSPS]);
    writeModel(api.state, 0, 'zero', [CLEVELAND, HUNGARY, VA]);
    const { items } = pageOf(RoundSummary).parse((await api.get('/studies/heart/rounds')).json);
    expect(items).toMatchObject([{ round: 0, kind: 'initial', status: 'accepted', attestations: 3 }]);
  });

  test('without t equal attestations has no version, and shows the camps', async () => {
    writeStudy(api.state);
    writeInitialRound(api.state, [
      [CLEVELAND, 'zero'],
      [HUNGARY, 'other'],
    ]);
    const round = RoundResource.parse((await api.get('/studies/heart/rounds/0')).json);
    expect(round).toMatchObject({ stage: 'attesting', attestations: 1, modelDigest: null, timings: null });
    expect(round.disputes.map(({ members }) => members)).toEqual([[CLEVELAND], [HUNGARY]]);
  });
});

describe('a model version', () => {
  beforeEach(() => {
    writeStudy(api.state);
    writeInitialRound(
      api.state,
      MSPS.map((msp) => [msp, 'zero'] as const),
    );
    writeModel(api.state, 0, 'zero', MSPS.slice(0, 3));
  });

  test('tells who attests it by now, and whether its file is here', async () => {
    const read = async () => ModelResource.parse((await api.get('/studies/heart/models/0')).json);
    expect(await read()).toMatchObject({ status: 'accepted', attestations: 4, fileHere: false, disputes: [] });
    api.blobs.set(digestOf('zero') as Digest, Buffer.from('weights'));
    expect(await read()).toMatchObject({ fileHere: true });
  });

  test('gives its file as it is, or says who has it', async () => {
    const missing = await api.get('/studies/heart/models/0/file');
    expect(missing).toMatchObject({ status: 404, json: { code: 'VERSION_FILE_NOT_HERE' } });
    expect(missing.json.detail).toContain(HUNGARY);
    api.blobs.set(digestOf('zero') as Digest, Buffer.from('weights'));
    const { status, headers, text } = await api.get('/studies/heart/models/0/file');
    expect({ status, text }).toEqual({ status: 200, text: 'weights' });
    expect(headers['content-type']).toBe('application/octet-stream');
  });
});

describe('figures', () => {
  test('of hospitals are listed with their transactions', async () => {
    writeStudy(api.state);
    const metrics = { kind: 'number', patients: 3, loss: 10, absoluteError: 2 };
    api.state.write({
      [`evaluation~heart~0000000004~${VA}`]: {
        study: HEART,
        round: 4,
        msp: VA,
        trainingPatients: 9,
        base: metrics,
        reportedAt: 3,
      },
    });
    const { items } = pageOf(EvaluationResource).parse((await api.get('/studies/heart/evaluations')).json);
    expect(items).toMatchObject([{ msp: VA, round: 4, base: metrics }]);
  });

  test('of the channel count what this gateway sent', async () => {
    const channel = ChannelResource.parse((await api.get('/channel')).json);
    expect(channel).toMatchObject({
      channel: 'consilium',
      chaincodeDigest: digestOf('chaincode'),
      transactions: { valid: 3, invalid: 1, invalidByCode: { MVCC_READ_CONFLICT: 1 }, refused: 2 },
      recentCommitMs: 40,
    });
  });
});
