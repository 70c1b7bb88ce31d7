/** A hospital's budget of epsilon: paid by its own joins, looked up in whole numbers, and never had back. */
import {
  type Msp,
  type PrivacySpending,
  privacyTable,
  refusalIn,
  type StudyProtocol,
  spendingAfter,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import {
  type Asked,
  ContractChannel,
  HOSPITALS,
  protocolOf,
  STUDY,
  versionOutcome,
} from '../support/contractChannel.js';
import { joinPrivately } from '../support/privateRounds.js';

const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = HOSPITALS as [Msp, Msp, Msp, Msp];
const THREE = [CLEVELAND, HUNGARY, SWITZERLAND];
const SETTINGS = { samplingRate: 0.5, noiseMultiplier: 8, delta: 1e-5 };
const PLAIN = protocolOf({ standardisation: 'declared-ranges', metrics: 'final', validationShare: 0 });
const TABLE = privacyTable(SETTINGS, PLAIN);

/** Two training rounds, and a budget for just those. */
function privateStudy(changes: Partial<NonNullable<StudyProtocol['privacy']>> = {}): StudyProtocol {
  return protocolOf({
    standardisation: 'declared-ranges',
    metrics: 'final',
    validationShare: 0,
    privacy: {
      ...SETTINGS,
      patientClipNorm: 1,
      budgetMicroEpsilon: TABLE[1] as number,
      spentMicroEpsilonAfterRound: TABLE,
      declaredPatients: Object.fromEntries(HOSPITALS.map((msp) => [msp, 100])),
      ...changes,
    },
  });
}

async function started(protocol = privateStudy()): Promise<ContractChannel> {
  const channel = new ContractChannel();
  await channel.activeStudy(protocol);
  await channel.initialRound();
  await channel.open(1, THREE);
  return channel;
}

function spentOn(channel: ContractChannel): Record<string, PrivacySpending> {
  const records = channel.ledger.range('spent~', 'spent~\u007f');
  return Object.fromEntries(
    records.map(({ key, value }) => [key.slice(`spent~${STUDY}~`.length), JSON.parse(value) as PrivacySpending]),
  );
}

const joined = async (channel: ContractChannel, round: number, msp: Msp) =>
  channel.endorse('RoundContract:joinRound', channel.joinCommand(round), msp);

/** Some join, and members abort the round by vote. */
async function aborted(channel: ContractChannel, round: number, hospitals: readonly Msp[]): Promise<void> {
  await channel.join(round, hospitals);
  await channel.vote(`abort~${String(round).padStart(10, '0')}`, THREE);
  await channel.submit('RoundContract:abortRound', { study: STUDY, round }, CLEVELAND);
}

describe('a training round', () => {
  test('is paid for by each join with the next entry of the table, and other rounds cost nothing', async () => {
    const protocol = privateStudy();
    const channel = await started(protocol);
    expect(channel.roundRecord(1).kind).toBe('training');
    expect(spentOn(channel)).toEqual({});
    await channel.play(protocol, 1, versionOutcome('weights 1'));
    const allAfter = (joins: number) =>
      Object.fromEntries(
        HOSPITALS.map((msp) => [msp, { study: STUDY, msp, protocolVersion: 1, joins, microEpsilon: TABLE[joins - 1] }]),
      );
    expect(spentOn(channel)).toEqual(allAfter(1));
    await channel.next(protocol, 2, versionOutcome('weights 2'));
    expect(spentOn(channel)).toEqual(allAfter(2));
    await channel.next(protocol, 3, versionOutcome('weights 2'));
    expect(channel.roundRecord(3).kind).toBe('evaluation');
    expect(spentOn(channel)).toEqual(allAfter(2));
  });

  test('costs nothing in a study without differential privacy', async () => {
    const channel = await started(PLAIN);
    await channel.join(1);
    expect(spentOn(channel)).toEqual({});
  });

  test('is paid for once, however often the join is sent', async () => {
    const channel = await started();
    await channel.join(1, [CLEVELAND]);
    const again = await joined(channel, 1, CLEVELAND);
    expect(again).toMatchObject({ ok: true, readWriteSet: { writes: [] } });
    expect(spentOn(channel)[CLEVELAND]?.joins).toBe(1);
  });

  test('is joined by all four in one block: no hospital writes or reads what another one has spent', async () => {
    const channel = await started();
    const asked = HOSPITALS.map(
      (msp) => ({ name: 'RoundContract:joinRound', command: channel.joinCommand(1), msp }) as Asked,
    );
    expect((await channel.submitTogether(asked)).map(({ code }) => code)).toEqual(Array(4).fill('VALID'));
    expect(Object.keys(spentOn(channel))).toEqual(HOSPITALS);
    const one = await joined(await started(), 1, VA);
    const keys = one.ok ? one.readWriteSet.writes.map(({ key }) => key) : [];
    expect(keys).toContain(`spent~${STUDY}~${VA}`);
    expect(keys.every((key) => key.endsWith(VA))).toBe(true);
  });

  test('stays paid for where it is aborted', async () => {
    const channel = await started();
    await aborted(channel, 1, HOSPITALS);
    await channel.open(2);
    expect(channel.roundRecord(2).kind).toBe('training');
    await channel.join(2, [HUNGARY]);
    expect(spentOn(channel)).toMatchObject({ [HUNGARY]: { joins: 2 }, [VA]: { joins: 1 } });
  });
});

describe('a round that would pass the budget', () => {
  test('is opened without the hospital, and its join is refused with the numbers', async () => {
    const protocol = privateStudy();
    const channel = await started(protocol);
    await aborted(channel, 1, [CLEVELAND]);
    await channel.open(2);
    await aborted(channel, 2, [CLEVELAND]);
    await channel.open(3);
    expect(channel.roundRecord(3)).toMatchObject({ kind: 'training', available: [HUNGARY, SWITZERLAND, VA] });
    const refused = await joined(channel, 3, CLEVELAND);
    const error = refusalIn(refused.ok ? '' : refused.error);
    expect(error?.code).toBe('PRIVACY_BUDGET_SPENT');
    for (const number of [TABLE[1], TABLE[2]]) expect(error?.message).toContain(String(number));
    // The others go on without it.
    await channel.play(protocol, 3, versionOutcome('weights 3'), [HUNGARY, SWITZERLAND, VA]);
    expect(spentOn(channel)).toMatchObject({ [CLEVELAND]: { joins: 2 }, [VA]: { joins: 1 } });
  });

  test('is an evaluation instead where no quorum can pay: no study can neither go on nor end', async () => {
    const protocol = privateStudy();
    const channel = await started(protocol);
    await aborted(channel, 1, HOSPITALS);
    await channel.open(2);
    await channel.play(protocol, 2, versionOutcome('weights 2'));
    await channel.open(3, THREE);
    expect(channel.roundRecord(3)).toMatchObject({ kind: 'evaluation', available: HOSPITALS });
    await channel.play(protocol, 3, versionOutcome('weights 2'));
    await expect(channel.open(4, THREE)).rejects.toMatchObject({ code: 'STUDY_ENDED' });
  });
});

describe('a budget reset by a new protocol version', () => {
  const richer = privateStudy({ budgetMicroEpsilon: 50_000_000 });

  test('is refused from the first round on: the version whose table counts stands', async () => {
    const channel = await started();
    await channel.join(1);
    const propose = channel.submit('StudyContract:proposeStudy', { study: STUDY, protocol: richer }, CLEVELAND);
    await expect(propose).rejects.toMatchObject({ code: 'STUDY_RUNNING' });
    expect(spentOn(channel)[CLEVELAND]?.joins).toBe(1);
  });

  test('before the first round gives back nothing, since nothing was spent', async () => {
    const channel = new ContractChannel();
    await channel.activeStudy(privateStudy());
    await channel.submit('StudyContract:proposeStudy', { study: STUDY, protocol: richer }, CLEVELAND);
    await expect(channel.open(0)).rejects.toMatchObject({ code: 'STUDY_NOT_ACTIVE' });
    for (const msp of HOSPITALS) await channel.approve(richer, msp, 2);
    await channel.initialRound();
    await channel.open(1, THREE);
    await channel.join(1);
    expect(spentOn(channel)[VA]).toMatchObject({ protocolVersion: 2, joins: 1, microEpsilon: TABLE[0] });
  });

  test('would be refused by the join itself, too: two tables do not add up to one', () => {
    const before = { study: STUDY, msp: VA, protocolVersion: 1, joins: 2, microEpsilon: TABLE[1] as number };
    const round = { study: STUDY, kind: 'training', protocolVersion: 2 } as const;
    expect(() => spendingAfter(richer, round, VA, before)).toThrow(/^PRIVACY_VERSION_DIFFERS: /);
  });

  test('or by a protocol whose table says less after more rounds, does not pay for its rounds, or ends early', async () => {
    const channel = new ContractChannel();
    await channel.registerHospitals();
    for (const changes of [
      { spentMicroEpsilonAfterRound: TABLE.with(5, 0) },
      { budgetMicroEpsilon: (TABLE[1] as number) - 1 },
      { spentMicroEpsilonAfterRound: TABLE.slice(0, 2) },
    ]) {
      const protocol = privateStudy(changes);
      const propose = channel.submit('StudyContract:proposeStudy', { study: STUDY, protocol }, CLEVELAND);
      await expect(propose).rejects.toMatchObject({ code: 'PROTOCOL_PRIVACY_UNSOUND' });
    }
  });
});

describe('in private mode', () => {
  test('a masked round is paid for by the same join, and other survivors over one base may be opened: the noise hides the difference', async () => {
    const protocol = { ...privateStudy({ budgetMicroEpsilon: TABLE[3] as number }), mode: 'private' as const };
    const channel = await started(protocol);
    await joinPrivately(channel, 1, HOSPITALS);
    expect(spentOn(channel)).toMatchObject(Object.fromEntries(HOSPITALS.map((msp) => [msp, { joins: 1 }])));
    await channel.contribute(protocol, 1, THREE);
    channel.now += 700_000;
    await channel.submit('RoundContract:closePhase', { study: STUDY, round: 1, phase: 'contributing' }, CLEVELAND);
    await channel.vote('abort~0000000001', THREE);
    await channel.submit('RoundContract:abortRound', { study: STUDY, round: 1 }, CLEVELAND);
    await channel.open(2);
    // Without differential privacy only the three could join again.
    expect(channel.roundRecord(2)).toMatchObject({ kind: 'training', available: HOSPITALS });
    expect(channel.roundRecord(2)).not.toHaveProperty('sameSurvivorsAs');
    await joinPrivately(channel, 2, HOSPITALS);
    expect(spentOn(channel)[VA]).toMatchObject({ joins: 2, microEpsilon: TABLE[1] });
  });
});
