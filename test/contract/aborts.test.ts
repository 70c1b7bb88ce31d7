/** Rounds that end without a version, pauses, and the end by vote. */
import {
  ABORTS_MAX,
  Close,
  ledgerKey,
  ModelVersion,
  type Msp,
  type Outcome,
  type Phase,
  REJECTIONS_MAX,
  Round,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { STAGES, THREE } from '../support/badInput.js';
import {
  ContractChannel,
  digestOf,
  HOSPITALS,
  protocolOf,
  STUDY,
  validated,
  versionOutcome,
} from '../support/contractChannel.js';

const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = HOSPITALS as [Msp, Msp, Msp, Msp];
const protocol = protocolOf();
const read = (channel: ContractChannel, key: string) => JSON.parse(channel.ledger.read(key) ?? 'null');
const closeOf = (channel: ContractChannel, round: number, phase: Phase) =>
  Close.parse(read(channel, ledgerKey.close(STUDY, round, phase)));
const progressOf = (channel: ContractChannel, round: number) =>
  Round.parse(read(channel, ledgerKey.round(STUDY, round))).progress;

const close = (channel: ContractChannel, round: number, phase: Phase, msp: Msp = CLEVELAND) =>
  channel.submit('RoundContract:closePhase', { study: STUDY, round, phase }, msp);
const abort = (channel: ContractChannel, round: number) =>
  channel.submit('RoundContract:abortRound', { study: STUDY, round }, CLEVELAND);

describe('a close by deadline', () => {
  test('lets the round go on at quorum, with those that were there', async () => {
    const channel = await STAGES.joining();
    await channel.join(1, [VA, CLEVELAND, HUNGARY]);
    channel.now += 60_000;
    await close(channel, 1, 'joining', SWITZERLAND);
    expect(closeOf(channel, 1, 'joining')).toMatchObject({
      found: [CLEVELAND, HUNGARY, VA],
      abort: null,
      closedBy: SWITZERLAND,
    });
    await channel.contribute(protocol, 1, [CLEVELAND, HUNGARY, VA]);
    await channel.attest(1, versionOutcome('statistics'), [CLEVELAND, SWITZERLAND, VA]);
    await channel.open(2, [CLEVELAND, SWITZERLAND, VA]);
    expect(ModelVersion.parse(read(channel, ledgerKey.model(STUDY, 1))).survivors).toEqual([CLEVELAND, HUNGARY, VA]);
  });

  test('fixes the survivors where one vanished after joining', async () => {
    const channel = await STAGES.attestingWithoutVa();
    expect(closeOf(channel, 1, 'contributing')).toMatchObject({ found: THREE, abort: null });
    await channel.attest(1, versionOutcome('statistics'));
    await channel.open(2, THREE);
    expect(ModelVersion.parse(read(channel, ledgerKey.model(STUDY, 1))).survivors).toEqual(THREE);
  });

  test('is an abort where fewer than quorum contributed, and the next round has the same base', async () => {
    const channel = await STAGES.contributing();
    await channel.contribute(protocol, 1, [CLEVELAND, VA]);
    channel.now += 700_000;
    await close(channel, 1, 'contributing');
    expect(closeOf(channel, 1, 'contributing')).toMatchObject({
      found: [CLEVELAND, VA],
      abort: 'TOO_FEW_CONTRIBUTIONS',
    });
    expect(await channel.open(2)).toMatchObject({
      kind: 'statistics',
      base: { version: 0 },
      progress: { abortsInRow: 1 },
    });
    expect(read(channel, ledgerKey.model(STUDY, 1))).toBeNull();
    expect(read(channel, ledgerKey.model(STUDY, 0))).toMatchObject({ status: 'accepted' });
  });

  test('is an abort where no outcome reached t in time', async () => {
    const channel = await STAGES.attesting();
    await channel.attest(1, versionOutcome('statistics'), [CLEVELAND, VA]);
    channel.now += 2 * 86_400_000;
    await close(channel, 1, 'attesting');
    expect(closeOf(channel, 1, 'attesting')).toMatchObject({ abort: 'TOO_FEW_ATTESTATIONS', found: [CLEVELAND, VA] });
  });

  test('leaves contributing its whole time where joining had to wait for its quorum', async () => {
    const channel = await STAGES.joining();
    channel.now += 3_600_000;
    await channel.join(1, THREE);
    await close(channel, 1, 'joining');
    await expect(close(channel, 1, 'contributing')).rejects.toThrow(/^DEADLINE_NOT_REACHED/);
    channel.now += 600_000;
    expect(await close(channel, 1, 'contributing')).toMatchObject({ abort: 'TOO_FEW_CONTRIBUTIONS' });
  });

  test('takes facts until it stands, however late they are', async () => {
    const channel = await STAGES.joining();
    channel.now += 7 * 86_400_000;
    await channel.play(protocol, 1, versionOutcome('statistics'));
    expect(await channel.open(2, THREE)).toMatchObject({ kind: 'training' });
  });
});

describe('an abort before the deadline', () => {
  test.each<[Phase, keyof typeof STAGES]>([
    ['joining', 'joining'],
    ['contributing', 'contributing'],
    ['attesting', 'attesting'],
  ])('by vote closes the phase that the round is in: %s', async (phase, stage) => {
    const channel = await STAGES[stage]();
    await channel.vote('abort~0000000001', [CLEVELAND, HUNGARY]);
    await expect(abort(channel, 1)).rejects.toThrow(/^ABORT_NOT_DUE/);
    await channel.vote('abort~0000000001', [VA]);
    await abort(channel, 1);
    expect(closeOf(channel, 1, phase).abort).toBe('VOTED');
    expect(await channel.open(2)).toMatchObject({ round: 2, progress: { abortsInRow: 1 } });
  });

  test('comes at once where two camps cannot reach t any more', async () => {
    const channel = await STAGES.attesting();
    await channel.attest(1, versionOutcome('one'), [CLEVELAND, HUNGARY]);
    await channel.attest(1, versionOutcome('other'), [VA]);
    await expect(abort(channel, 1)).rejects.toThrow(/^ABORT_NOT_DUE/);
    await channel.attest(1, versionOutcome('other'), [SWITZERLAND]);
    await abort(channel, 1);
    expect(closeOf(channel, 1, 'attesting')).toMatchObject({ abort: 'DISPUTED', found: HOSPITALS });
    expect(await channel.open(2)).toMatchObject({ kind: 'statistics' });
  });

  test('follows from a vote to end the study, whose open round it settles', async () => {
    const channel = await STAGES.contributing();
    await channel.vote('end', THREE);
    expect(await abort(channel, 1)).toMatchObject({ abort: 'VOTED' });
    await expect(channel.open(2)).rejects.toThrow(/^STUDY_ENDED: .*by vote/);
  });
});

describe('a round that all recomputed without a version', () => {
  const none: Outcome = { kind: 'none', reason: 'ZERO_WEIGHT', sumDigest: digestOf('zeros') };

  test('counts as an abort once t members attested it', async () => {
    const channel = await STAGES.attesting();
    await channel.attest(1, none);
    await expect(channel.open(2)).rejects.toThrow(/^ROUND_NOT_SETTLED/);
    expect(await channel.open(2, THREE)).toMatchObject({ kind: 'statistics', progress: { abortsInRow: 1 } });
    expect(read(channel, ledgerKey.model(STUDY, 1))).toBeNull();
  });

  test('has nothing to close or to record', async () => {
    const channel = await STAGES.attesting();
    await channel.attest(1, none);
    channel.now += 2 * 86_400_000;
    await expect(close(channel, 1, 'attesting')).rejects.toThrow(/^PHASE_CLOSED/);
    const record = channel.submit('ModelContract:recordVersion', { study: STUDY, round: 1, attestedBy: THREE }, VA);
    await expect(record).rejects.toThrow(/^NOTHING_TO_RECORD: .*ZERO_WEIGHT/);
  });
});

describe('a pause', () => {
  test(`comes after ${ABORTS_MAX} aborts in a row, and ends by vote, which resets the counters`, async () => {
    const channel = await STAGES.paused();
    await channel.vote('resume~0000000005', [CLEVELAND, VA]);
    await expect(channel.open(5)).rejects.toThrow(/^STUDY_PAUSED/);
    await channel.vote('resume~0000000005', [HUNGARY]);
    expect(await channel.open(5)).toMatchObject({ kind: 'initial', progress: { abortsInRow: 0, rejectionsInRow: 0 } });
  });

  test(`comes after ${REJECTIONS_MAX} rejections in a row; recordVersion settles the round before it, once`, async () => {
    const worse = validated(5);
    const long = protocolOf({ trainingRounds: 20 });
    const channel = new ContractChannel();
    await channel.activeStudy(long);
    await channel.initialRound();
    await channel.next(long, 1, versionOutcome('statistics'));
    for (let round = 2; round < 8; round += 2) {
      await channel.next(long, round, versionOutcome(`weights ${round}`));
      await channel.next(long, round + 1, versionOutcome(`weights ${round + 1}`, { result: worse }));
    }
    await expect(channel.open(8, THREE)).rejects.toThrow(/^STUDY_PAUSED: .* 3 rejections/);
    const status = (version: number) => read(channel, ledgerKey.model(STUDY, version))?.status;
    expect([status(6), status(7)]).toEqual(['candidate', undefined]);
    const command = { study: STUDY, round: 7, attestedBy: THREE };
    await channel.submit('ModelContract:recordVersion', command, SWITZERLAND);
    expect([status(6), status(7)]).toEqual(['rejected', 'void']);
    const again = await channel.endorse(
      'ModelContract:recordVersion',
      { ...command, attestedBy: [CLEVELAND, HUNGARY, VA] },
      VA,
    );
    expect(again).toMatchObject({ ok: true, event: null, readWriteSet: { writes: [] } });

    await channel.vote('resume~0000000008', THREE);
    await channel.open(8, [HUNGARY, SWITZERLAND, VA]);
    expect(progressOf(channel, 8)).toMatchObject({
      rejectionsInRow: 0,
      lastAccepted: { version: 1 },
      trainingRecorded: 6,
    });
    // Recorded once: the round that opens does not rewrite who attested.
    expect(read(channel, ledgerKey.model(STUDY, 7))).toMatchObject({ status: 'void', attestedBy: THREE });
  });
});

describe('the end by vote', () => {
  test('records the version of a round that was agreed upon and that no other follows', async () => {
    const channel = await STAGES.agreed();
    await channel.vote('end', THREE);
    await expect(channel.open(2, THREE)).rejects.toThrow(/^STUDY_ENDED/);
    await channel.submit('ModelContract:recordVersion', { study: STUDY, round: 1, attestedBy: THREE }, VA);
    expect(read(channel, ledgerKey.model(STUDY, 1))).toMatchObject({ kind: 'statistics', status: 'accepted' });
  });

  test('is carried by t, counts each hospital once, and may be thought over until then', async () => {
    const channel = await STAGES.initialAgreed();
    await channel.vote('end', [CLEVELAND, CLEVELAND, HUNGARY]);
    await channel.vote('end', [HUNGARY], false);
    await channel.vote('end', [VA]);
    expect(await channel.open(1, THREE)).toMatchObject({ round: 1 });
    await channel.vote('end', [HUNGARY]);
    await expect(channel.open(2, THREE)).rejects.toThrow(/^STUDY_ENDED/);
    await channel.vote('end', [SWITZERLAND], false);
    await expect(channel.open(2, THREE)).rejects.toThrow(/^STUDY_ENDED/);
  });
});

test('a vote to finish makes the next round the evaluation', async () => {
  const channel = await STAGES.initialAgreed();
  await channel.next(protocol, 1, versionOutcome('statistics'));
  await channel.vote('finish~0000000002', THREE);
  expect(await channel.open(2, THREE)).toMatchObject({ kind: 'evaluation', base: { version: 1 } });
});
