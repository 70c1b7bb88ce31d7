/** Studies from their proposal to their end, through the contract alone. */
import {
  LEDGER_EVENT,
  LedgerEvent,
  ledgerKey,
  ModelVersion,
  type Msp,
  Round,
  type StudyProtocol,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { THREE } from '../support/badInput.js';
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
const BETTER = validated(-5);
const WORSE = validated(5);

const modelOf = (channel: ContractChannel, version: number) =>
  ModelVersion.parse(JSON.parse(channel.ledger.read(ledgerKey.model(STUDY, version)) ?? 'null'));
const statusesOf = (channel: ContractChannel, versions: readonly number[]) =>
  versions.map((version) => modelOf(channel, version).status);
const roundOf = (channel: ContractChannel, round: number) =>
  Round.parse(JSON.parse(channel.ledger.read(ledgerKey.round(STUDY, round)) ?? 'null'));

/** A study with first weights and statistics recorded, and round 2 (training) agreed upon: version 2 comes next. */
async function trained(changes: Parameters<typeof protocolOf>[0] = {}): Promise<[ContractChannel, StudyProtocol]> {
  const protocol = protocolOf({ trainingRounds: 9, ...changes });
  const channel = new ContractChannel();
  await channel.activeStudy(protocol);
  await channel.initialRound();
  await channel.next(protocol, 1, versionOutcome('statistics'));
  await channel.next(protocol, 2, versionOutcome('weights 2'));
  return [channel, protocol];
}

describe('a study from proposal to its end', () => {
  test('runs initial, statistics, training and evaluation, and records every version', async () => {
    const [channel, protocol] = await trained({ trainingRounds: 2 });
    await channel.next(protocol, 3, versionOutcome('weights 3', { result: BETTER }));
    await channel.next(protocol, 4, versionOutcome('weights 3', { result: BETTER }));
    const rounds = [0, 1, 2, 3, 4];
    expect(rounds.map((round) => roundOf(channel, round).kind)).toEqual([
      'initial',
      'statistics',
      'training',
      'training',
      'evaluation',
    ]);
    expect(statusesOf(channel, [0, 1, 2, 3])).toEqual(['accepted', 'accepted', 'accepted', 'candidate']);
    await channel.submit('ModelContract:recordVersion', { study: STUDY, round: 4, attestedBy: THREE }, HUNGARY);
    expect(statusesOf(channel, rounds)).toEqual(Array(5).fill('accepted'));
    expect(modelOf(channel, 4)).toMatchObject({
      kind: 'evaluation',
      digest: digestOf('weights 3'),
      parent: { version: 3 },
      survivors: HOSPITALS,
      attestedBy: THREE,
    });
    await expect(channel.open(5, THREE)).rejects.toThrow(/^STUDY_ENDED: .*evaluated/);
  });

  test('opens each round over what the one before made, with deadlines from the time of the transaction', async () => {
    const [channel, protocol] = await trained();
    const before = channel.now;
    await channel.open(3, [SWITZERLAND, VA, CLEVELAND], VA);
    expect(roundOf(channel, 3)).toEqual({
      study: STUDY,
      round: 3,
      kind: 'training',
      protocolVersion: 1,
      protocolHash: channel.roundRecord(0).protocolHash,
      base: { version: 2, digest: digestOf('weights 2') },
      candidateParent: { version: 1, digest: digestOf('statistics') },
      available: HOSPITALS,
      deadlines: {
        joinBy: before + 60_000,
        contributeBy: before + 660_000,
        unmaskBy: before + 660_000 + protocol.deadlines.finishMs,
        attestBy: before + 660_000 + protocol.deadlines.finishMs,
      },
      progress: {
        initialRecorded: true,
        statisticsRecorded: true,
        trainingRecorded: 1,
        lastAccepted: { version: 1, digest: digestOf('statistics') },
        candidate: {
          version: 2,
          digest: digestOf('weights 2'),
          parent: { version: 1, digest: digestOf('statistics') },
        },
        abortsInRow: 0,
        rejectionsInRow: 0,
        ended: null,
      },
      openedBy: VA,
      openedAt: before,
    });
  });

  test('tells in one event a transaction all that it wrote, so that a mirror of the events is the state', async () => {
    const protocol = protocolOf({ trainingRounds: 1 });
    const channel = new ContractChannel();
    const mirror = new Map<string, string>();
    const commit = channel.ledger.validateAndCommit.bind(channel.ledger);
    channel.ledger.validateAndCommit = (transactions) => {
      const committed = commit(transactions);
      for (const { event } of committed) {
        expect(event?.name).toBe(LEDGER_EVENT);
        for (const { key, value } of LedgerEvent.parse(JSON.parse(event?.payload ?? '')).writes)
          mirror.set(key, JSON.stringify(value));
      }
      return committed;
    };
    await channel.activeStudy(protocol);
    await channel.initialRound();
    await channel.next(protocol, 1, versionOutcome('statistics'));
    await channel.vote('finish~0000000002', THREE);
    await channel.next(protocol, 2, versionOutcome('statistics'));
    await channel.submit('ModelContract:recordVersion', { study: STUDY, round: 2, attestedBy: THREE }, HUNGARY);
    const state = channel.ledger.range('', '\u007f').map(({ key, value }) => [key, value] as const);
    expect(new Map([...mirror].sort())).toEqual(new Map(state));
  });
});

describe('judging', () => {
  test('rejects a version that got worse: what was trained on it is void, the next round starts from its parent', async () => {
    const [channel, protocol] = await trained();
    await channel.next(protocol, 3, versionOutcome('weights 3', { result: WORSE }));
    await channel.open(4, THREE);
    expect(statusesOf(channel, [1, 2, 3])).toEqual(['accepted', 'rejected', 'void']);
    expect(roundOf(channel, 4)).toMatchObject({ kind: 'training', base: { version: 1 }, candidateParent: null });
  });

  test('rejects by a carried veto what is no worse, and a veto that comes later changes nothing', async () => {
    const [channel, protocol] = await trained();
    await channel.vote('veto~0000000002', THREE);
    await channel.next(protocol, 3, versionOutcome('weights 3', { result: BETTER }));
    await channel.next(protocol, 4, versionOutcome('weights 4'));
    expect(statusesOf(channel, [2, 3])).toEqual(['rejected', 'void']);
    await channel.next(protocol, 5, versionOutcome('weights 5', { result: BETTER }));
    await channel.open(6, THREE);
    await channel.vote('veto~0000000004', THREE);
    expect(statusesOf(channel, [4, 5])).toEqual(['accepted', 'candidate']);
  });

  test('does not reject by votes that are too few, or that say no', async () => {
    const [channel, protocol] = await trained();
    await channel.vote('veto~0000000002', [CLEVELAND, HUNGARY]);
    await channel.vote('veto~0000000002', [VA], false);
    await channel.next(protocol, 3, versionOutcome('weights 3', { result: BETTER }));
    await channel.open(4, THREE);
    expect(statusesOf(channel, [2])).toEqual(['accepted']);
  });

  test('accepts what t members attested though another disputes it, also later', async () => {
    const [channel, protocol] = await trained();
    await channel.open(3, THREE);
    await channel.join(3);
    await channel.contribute(protocol, 3);
    await channel.attest(3, versionOutcome('another sum'), [HUNGARY]);
    await channel.attest(3, versionOutcome('weights 3', { result: BETTER }), [CLEVELAND, SWITZERLAND, VA]);
    await expect(channel.open(4, [CLEVELAND, HUNGARY, VA])).rejects.toThrow(/^ATTESTATIONS_DIFFER/);
    await channel.open(4, [CLEVELAND, SWITZERLAND, VA]);
    expect(modelOf(channel, 3)).toMatchObject({
      digest: digestOf('weights 3'),
      attestedBy: [CLEVELAND, SWITZERLAND, VA],
    });
  });

  test('takes a late attestation after the version was recorded, as a confirmation or a dispute', async () => {
    const [channel, protocol] = await trained();
    await channel.open(3, THREE);
    await channel.join(3);
    await channel.contribute(protocol, 3);
    await channel.attest(3, versionOutcome('weights 3', { result: BETTER }), THREE);
    await channel.open(4, THREE);
    await channel.attest(3, versionOutcome('another'), [VA]);
    expect(channel.ledger.read(ledgerKey.attestation(STUDY, 3, VA))).toContain(digestOf('another'));
    expect(modelOf(channel, 3).attestedBy).toEqual(THREE);
  });
});
