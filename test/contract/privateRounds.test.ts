/** Private rounds: keys are pinned, shares are opened once and of one kind, and no two sums over one base differ in a hospital. */
import {
  type CommandInput,
  deriveRound,
  keyRange,
  ledgerKey,
  type Msp,
  majority,
  type Outcome,
  Reveal,
  type RoundResult,
  recordUnder,
  refusalIn,
  revealedShares,
  type StudyProtocol,
  sha256Hex,
  tenDigits,
} from '@consilium/domain';
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Asked,
  ContractChannel,
  HOSPITALS,
  protocolOf,
  STUDY,
  validated,
  versionOutcome,
} from '../support/contractChannel.js';
import {
  honestReveal,
  joinKeys,
  joinPrivately,
  privateJoin,
  publicKeyOf,
  revealAll,
  roundOf,
  shareOf,
} from '../support/privateRounds.js';

const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = HOSPITALS as [Msp, Msp, Msp, Msp];
const THREE = [CLEVELAND, HUNGARY, SWITZERLAND];
const protocol = protocolOf({ mode: 'private', trainingRounds: 3 });
const DAY_MS = 86_400_000;

/** A private study whose first round is settled: round 1, of statistics, is open. */
async function statisticsOpen(
  of: StudyProtocol = protocol,
  registered: readonly Msp[] = HOSPITALS,
): Promise<ContractChannel> {
  const channel = new ContractChannel();
  await channel.activeStudy(of, registered);
  await channel.open(0);
  await channel.attest(0, versionOutcome('weights 0', { sumDigest: null }), THREE);
  await channel.open(1, THREE.slice(0, majority(of)));
  return channel;
}

const codeOf = (refused: Promise<unknown>) =>
  refused.then(
    () => 'accepted',
    (error: Error) => refusalIn(error.message)?.code ?? error.message,
  );
const close = (channel: ContractChannel, round: number, phase: string, msp: Msp = CLEVELAND) =>
  channel.submit('RoundContract:closePhase', { study: STUDY, round, phase } as never, msp);
const abort = (channel: ContractChannel, round: number) =>
  channel.submit('RoundContract:abortRound', { study: STUDY, round }, CLEVELAND);

/** Joins all of the roster, has the survivors contribute, and closes what others leave open. */
async function untilSurvivors(
  channel: ContractChannel,
  round: number,
  roster: readonly Msp[],
  survivors: readonly Msp[],
) {
  const { available } = roundOf(channel, round);
  await joinPrivately(channel, round, roster);
  if (roster.length < available.length) {
    channel.now += 60_000;
    await close(channel, round, 'joining');
  }
  await channel.contribute(protocol, round, survivors);
  if (survivors.length < roster.length) {
    channel.now += 700_000;
    await close(channel, round, 'contributing');
  }
}

async function played(
  channel: ContractChannel,
  round: number,
  outcome: Outcome,
  survivors: readonly Msp[] = HOSPITALS,
) {
  await untilSurvivors(channel, round, survivors, survivors);
  await revealAll(channel, round, THREE, survivors, survivors);
  await channel.attest(round, outcome, THREE);
}

describe('share keys', () => {
  let channel: ContractChannel;
  beforeEach(async () => {
    channel = await statisticsOpen();
  });

  test('are pinned by the round, by index and hash', () => {
    const { shareKeys } = roundOf(channel, 1);
    expect(shareKeys).toEqual(HOSPITALS.map((msp) => ({ msp, index: 0, hash: sha256Hex(channel.shareKey(msp)) })));
    expect(roundOf(channel, 0).shareKeys).toBeUndefined();
  });

  test('of the next round come with the join, and the next round pins them', async () => {
    await played(channel, 1, versionOutcome('statistics'));
    await channel.open(2, THREE);
    const { items } = await channel.query('RoundContract:roundGrounds', { study: STUDY, round: 2 });
    const told = items.map(({ key }) => key).filter((key) => key.startsWith('sharekey~'));
    expect(told).toEqual(HOSPITALS.map((msp) => ledgerKey.shareKey(STUDY, msp, 1)));
    expect(roundOf(channel, 2).shareKeys?.map(({ index }) => index)).toEqual([1, 1, 1, 1]);
    const key = JSON.parse(channel.ledger.read(ledgerKey.shareKey(STUDY, VA, 1)) ?? 'null');
    expect(key).toEqual({ publicKey: publicKeyOf(`share key ${VA} 2`) });
  });

  test('are registered alone by who lost one, in order, and never replaced', async () => {
    const register = (index: number, publicKey: string, msp = VA) =>
      codeOf(channel.submit('StudyContract:registerShareKey', { study: STUDY, index, publicKey }, msp));
    expect(await register(2, publicKeyOf('x'))).toBe('SHARE_KEY_NOT_NEXT');
    expect(await register(1, publicKeyOf('x'))).toBe('accepted');
    expect(await register(1, publicKeyOf('x'))).toBe('accepted');
    expect(await register(1, publicKeyOf('y'))).toBe('SHARE_KEY_TAKEN');
    const keys = joinKeys(channel, 1, VA);
    expect(await codeOf(channel.submit('RoundContract:joinRound', { ...channel.joinCommand(1), keys }, VA))).toBe(
      'SHARE_KEY_TAKEN',
    );
    const next = { index: 2, publicKey: publicKeyOf('z') };
    const fresh = { ...channel.joinCommand(1), keys: { ...keys, next } };
    expect(await codeOf(channel.submit('RoundContract:joinRound', fresh, VA))).toBe('accepted');
  });

  test('are asked for at registration, and of members alone', async () => {
    const other = new ContractChannel();
    await other.activeStudy(protocol, []);
    const register = { study: STUDY, receiptKey: other.receiptKey(VA) };
    expect(await codeOf(other.submit('StudyContract:registerMember', register, VA))).toBe('SHARE_KEY_MISSING');
    const key = { study: STUDY, index: 1, publicKey: publicKeyOf('x') };
    expect(await codeOf(other.submit('StudyContract:registerShareKey', key, VA))).toBe('MEMBER_NOT_REGISTERED');
    expect(await codeOf(other.submit('StudyContract:registerShareKey', key, 'AbsentMSP' as Msp))).toBe('NOT_A_MEMBER');
  });
});

describe('a private join', () => {
  test.each<[string, (keys: NonNullable<CommandInput<'RoundContract:joinRound'>['keys']>) => unknown, string]>([
    ['without keys', () => undefined, 'ROUND_KEYS_MISSING'],
    ['with shares for fewer holders', (keys) => ({ ...keys, dealt: keys.dealt.slice(1) }), 'ROUND_KEYS_INVALID'],
    [
      'with a share key that is not new',
      (keys) => ({ ...keys, next: { ...keys.next, index: 0 } }),
      'ROUND_KEYS_INVALID',
    ],
    ['with a box of another length', (keys) => ({ ...keys, dealt: keys.dealt.map(() => 'AAAA') }), 'INPUT_INVALID'],
    ['with a key that is none', (keys) => ({ ...keys, maskKey: 'AAAA' }), 'INPUT_INVALID'],
  ])('%s is refused', async (_, change, code) => {
    const channel = await statisticsOpen();
    const { keys, ...rest } = privateJoin(channel, 1, VA);
    const changed = { ...rest, keys: change(keys as never) } as never;
    expect(await codeOf(channel.submit('RoundContract:joinRound', changed, VA))).toBe(code);
    expect(await codeOf(channel.submit('RoundContract:joinRound', privateJoin(channel, 1, VA), VA))).toBe('accepted');
  });

  test('with other secrets than before is refused, the same again is success', async () => {
    const channel = await statisticsOpen();
    const join = privateJoin(channel, 1, VA);
    await channel.submit('RoundContract:joinRound', join, VA);
    expect(await codeOf(channel.submit('RoundContract:joinRound', join, VA))).toBe('accepted');
    const other = { ...join, keys: { ...(join.keys as object), maskKey: publicKeyOf('another') } } as never;
    expect(await codeOf(channel.submit('RoundContract:joinRound', other, VA))).toBe('FACT_CHANGED');
    const nextKey = { ...join.keys?.next, publicKey: publicKeyOf('another') };
    const later = { ...join, keys: { ...join.keys, next: nextKey } } as never;
    expect(await codeOf(channel.submit('RoundContract:joinRound', later, VA))).toBe('FACT_CHANGED');
  });

  test('with keys is refused by an open round', async () => {
    const channel = new ContractChannel();
    await channel.activeStudy(protocolOf());
    await channel.initialRound();
    await channel.open(1, THREE);
    const keys = { ...joinKeys(await statisticsOpen(), 1, VA) };
    expect(await codeOf(channel.submit('RoundContract:joinRound', { ...channel.joinCommand(1), keys }, VA))).toBe(
      'ROUND_KEYS_UNASKED',
    );
  });
});

describe('unmasking', () => {
  const survivors = THREE;
  let channel: ContractChannel;
  const tell = (command: unknown, msp: Msp) => codeOf(channel.submit('RoundContract:reveal', command as never, msp));
  const honest = (msp: Msp) => honestReveal(roundOf(channel, 1), msp, HOSPITALS, survivors);
  beforeEach(async () => {
    channel = await statisticsOpen();
    await untilSurvivors(channel, 1, HOSPITALS, survivors);
  });

  test('opens self masks of survivors and mask keys of the others, also by one that did not survive', async () => {
    for (const msp of [VA, HUNGARY, SWITZERLAND]) expect(await tell(honest(msp), msp)).toBe('accepted');
    const key = ledgerKey.reveal(STUDY, 1, VA);
    const value = JSON.parse(channel.ledger.read(key) ?? 'null');
    expect(Object.keys(value)).toEqual(['at', 'shares']);
    const stored = recordUnder(Reveal, key, value);
    expect(revealedShares(roundOf(channel, 1), survivors, stored)).toEqual([
      { of: CLEVELAND, kind: 'selfMask', share: shareOf(1, CLEVELAND, VA, 'selfMask') },
      { of: HUNGARY, kind: 'selfMask', share: shareOf(1, HUNGARY, VA, 'selfMask') },
      { of: SWITZERLAND, kind: 'selfMask', share: shareOf(1, SWITZERLAND, VA, 'selfMask') },
      { of: VA, kind: 'maskKey', share: shareOf(1, VA, VA, 'maskKey') },
    ]);
    await channel.attest(1, versionOutcome('statistics'), THREE);
    await channel.open(2, THREE);
    expect(roundOf(channel, 2).base?.version).toBe(1);
  });

  test('never gives both secrets of one hospital, nor the wrong one', async () => {
    const { shares } = honest(VA);
    const wrong = [shareOf(1, CLEVELAND, VA, 'maskKey'), ...shares.slice(1)];
    expect(await tell({ ...honest(VA), shares: [...shares, wrong[0]] }, VA)).toBe('REVEAL_INVALID');
    expect(await tell({ ...honest(VA), shares: wrong }, VA)).toBe('SHARE_FALSE');
    expect(await tell({ ...honest(VA), shares: shares.slice(1) }, VA)).toBe('REVEAL_INVALID');
    expect(await tell(honest(VA), VA)).toBe('accepted');
    const later = { ...honest(VA), shares: [null, ...shares.slice(1)] };
    expect(await tell(later, VA)).toBe('FACT_CHANGED');
    expect(await tell({ ...honest(VA), shares: wrong }, VA)).toBe('FACT_CHANGED');
  });

  test('opens nothing of a hospital that did not join', async () => {
    const without = await statisticsOpen();
    await untilSurvivors(without, 1, THREE, THREE);
    const told = (shares: CommandInput<'RoundContract:reveal'>['shares']) =>
      codeOf(without.submit('RoundContract:reveal', { study: STUDY, round: 1, shares }, HUNGARY));
    const { shares } = honestReveal(roundOf(without, 1), HUNGARY, THREE, THREE);
    expect(shares[3]).toBeNull();
    expect(await told([...shares.slice(0, 3), shareOf(1, VA, HUNGARY, 'maskKey')])).toBe('REVEAL_INVALID');
    expect(await told(shares)).toBe('accepted');
  });

  test('refuses a share that does not match what its dealer listed, and one of another holder', async () => {
    const { shares } = honest(VA);
    const instead = (share: string) => shares.map((own, k) => (k === HOSPITALS.indexOf(HUNGARY) ? share : own));
    const [false1, stolen] = [shareOf(2, HUNGARY, VA, 'selfMask'), shareOf(1, HUNGARY, CLEVELAND, 'selfMask')];
    expect(await tell({ ...honest(VA), shares: instead(false1) }, VA)).toBe('SHARE_FALSE');
    expect(await tell({ ...honest(VA), shares: instead(stolen) }, VA)).toBe('SHARE_FALSE');
  });

  test('names those whose boxes could not be opened, and ends where t shares cannot come together', async () => {
    const unopened = (msp: Msp) => {
      const { shares, ...rest } = honest(msp);
      return { ...rest, shares: shares.map((share, k) => (k === HOSPITALS.indexOf(HUNGARY) ? null : share)) };
    };
    for (const msp of [CLEVELAND, SWITZERLAND]) expect(await tell(unopened(msp), msp)).toBe('accepted');
    const sealed: Outcome = { kind: 'sealed', reason: 'UNOPENED', dealer: HUNGARY };
    await channel.attest(1, sealed, [CLEVELAND, SWITZERLAND, VA]);
    await channel.open(2, [CLEVELAND, SWITZERLAND, VA]);
    expect(roundOf(channel, 2)).toMatchObject({ kind: 'statistics', progress: { abortsInRow: 1 } });
  });

  test('before the survivors are fixed, or after it was closed, opens nothing', async () => {
    const early = await statisticsOpen();
    await joinPrivately(early, 1, HOSPITALS);
    await early.contribute(protocol, 1, THREE);
    expect(await codeOf(early.submit('RoundContract:reveal', honest(VA), VA))).toBe('PHASE_NOT_REACHED');
    channel.now += DAY_MS;
    await close(channel, 1, 'unmasking');
    expect(await tell(honest(VA), VA)).toBe('PHASE_CLOSED');
    expect(
      await codeOf(
        channel.submit('RoundContract:attest', { study: STUDY, round: 1, outcome: versionOutcome('x') }, VA),
      ),
    ).toBe('PHASE_CLOSED');
    const record = JSON.parse(channel.ledger.read(ledgerKey.close(STUDY, 1, 'unmasking')) ?? 'null');
    expect(record).toMatchObject({ abort: 'TOO_FEW_SHARES', found: [] });
  });

  test('by a hospital that holds no share is refused', async () => {
    const small = await statisticsOpen(protocol, THREE);
    await untilSurvivors(small, 1, THREE, THREE);
    expect(
      await codeOf(small.submit('RoundContract:reveal', honestReveal(roundOf(small, 1), VA, THREE, THREE), VA)),
    ).toBe('NOT_A_HOLDER');
    expect(
      await codeOf(
        small.submit('RoundContract:reveal', honestReveal(roundOf(small, 1), VA, THREE, THREE), 'AbsentMSP' as Msp),
      ),
    ).toBe('NOT_A_MEMBER');
  });

  test('all four at once in one block conflict with nobody, nor with attestations', async () => {
    const reveals = HOSPITALS.map((msp) => ({ name: 'RoundContract:reveal', command: honest(msp), msp }) as Asked);
    const attest = {
      name: 'RoundContract:attest',
      command: { study: STUDY, round: 1, outcome: versionOutcome('s') },
      msp: VA,
    } as Asked;
    const committed = await channel.submitTogether([...reveals, attest]);
    expect(committed.map(({ code }) => code)).toEqual(Array(5).fill('VALID'));
  });
});

describe('over one base, one set of survivors', () => {
  /** Round 2 trains over version 1; its survivors are fixed without VA, and it is aborted while unmasking. */
  async function abortedInUnmasking(): Promise<ContractChannel> {
    const channel = await statisticsOpen();
    await played(channel, 1, versionOutcome('statistics'));
    await channel.open(2, THREE);
    await untilSurvivors(channel, 2, HOSPITALS, THREE);
    await channel.vote(`abort~${tenDigits(2)}`, THREE);
    await abort(channel, 2);
    return channel;
  }

  test('the next round over it is open to the same survivors alone', async () => {
    const channel = await abortedInUnmasking();
    await channel.open(3);
    expect(roundOf(channel, 3)).toMatchObject({ available: THREE, sameSurvivorsAs: { round: 2, survivors: THREE } });
    expect(await codeOf(channel.submit('RoundContract:joinRound', privateJoin(channel, 3, VA), VA))).toBe(
      'ROUND_NOT_AVAILABLE',
    );
    await played(channel, 3, versionOutcome('weights 3'), THREE);
    await channel.open(4, THREE);
    expect(roundOf(channel, 4).available).toEqual(HOSPITALS);
    expect(roundOf(channel, 4).sameSurvivorsAs).toBeUndefined();
  });

  test('other survivors are never opened: reveals are refused, and the round ends with its reason', async () => {
    const wide = await statisticsOpen();
    await played(wide, 1, versionOutcome('statistics'));
    await wide.open(2, THREE);
    await untilSurvivors(wide, 2, HOSPITALS, HOSPITALS);
    await wide.vote(`abort~${tenDigits(2)}`, THREE);
    await abort(wide, 2);
    await wide.open(3);
    expect(roundOf(wide, 3).available).toEqual(HOSPITALS);
    await untilSurvivors(wide, 3, HOSPITALS, THREE);
    const reveal = wide.submit('RoundContract:reveal', honestReveal(roundOf(wide, 3), VA, HOSPITALS, THREE), VA);
    expect(await codeOf(reveal)).toBe('REVEAL_DIFFERENCING');
    await abort(wide, 3);
    const record = JSON.parse(wide.ledger.read(ledgerKey.close(STUDY, 3, 'unmasking')) ?? 'null');
    expect(record).toMatchObject({ abort: 'DIFFERENCING' });
    // What was refused does not count as earlier.
    await wide.open(4);
    expect(roundOf(wide, 4).sameSurvivorsAs).toEqual({ round: 2, survivors: HOSPITALS });
  });

  test('a hospital is left out of a sum over it by its own yes and a carried vote, not by the others alone', async () => {
    const channel = await statisticsOpen();
    await played(channel, 1, versionOutcome('statistics'));
    await channel.open(2, THREE);
    await untilSurvivors(channel, 2, HOSPITALS, HOSPITALS);
    await channel.vote(`abort~${tenDigits(2)}`, THREE);
    await abort(channel, 2);
    await channel.vote(`unmask~${tenDigits(2)}~${VA}`, THREE);
    await channel.open(3);
    expect(roundOf(channel, 3).sameSurvivorsAs?.survivors).toEqual(HOSPITALS);
    await channel.vote(`abort~${tenDigits(3)}`, THREE);
    await abort(channel, 3);
    await channel.vote(`unmask~${tenDigits(2)}~${VA}`, [VA]);
    await channel.open(4);
    expect(roundOf(channel, 4)).toMatchObject({ available: THREE, sameSurvivorsAs: { round: 2, survivors: THREE } });
  });

  test('a round that nobody could open because of a bad dealer does not bind the others to that dealer', async () => {
    const channel = await statisticsOpen();
    await played(channel, 1, versionOutcome('statistics'));
    await channel.open(2, THREE);
    await untilSurvivors(channel, 2, HOSPITALS, HOSPITALS);
    await revealAll(channel, 2, THREE, HOSPITALS, HOSPITALS);
    await channel.attest(2, { kind: 'sealed', reason: 'BAD_DEALER', dealer: VA }, THREE);
    await channel.open(3, THREE);
    expect(roundOf(channel, 3)).toMatchObject({ available: THREE, sameSurvivorsAs: { round: 2, survivors: THREE } });
  });

  test('a rejected version leads back to its parent, and to the survivors of its round', async () => {
    const channel = await statisticsOpen();
    await played(channel, 1, versionOutcome('statistics'));
    await channel.open(2, THREE);
    await played(channel, 2, versionOutcome('weights 2', { result: validated(0) }), THREE);
    await channel.open(3, THREE);
    expect(roundOf(channel, 3).available).toEqual(HOSPITALS);
    await played(channel, 3, versionOutcome('weights 3', { result: validated(1_000_000_000) }));
    await channel.open(4, THREE);
    expect(roundOf(channel, 4)).toMatchObject({
      base: { version: 1 },
      available: THREE,
      sameSurvivorsAs: { round: 2, survivors: THREE },
    });
  });

  test('too few of them left: no round is opened over it', async () => {
    const channel = await abortedInUnmasking();
    await channel.vote(`leave-out~${HUNGARY}~${tenDigits(3)}`, THREE);
    expect(await codeOf(channel.open(3))).toBe('ROUND_TOO_FEW_REGISTERED');
  });

  test('evaluation is compared with evaluation alone, so a study can always end', async () => {
    const channel = await abortedInUnmasking();
    await channel.vote(`finish~${tenDigits(3)}`, THREE);
    await channel.open(3);
    expect(roundOf(channel, 3)).toMatchObject({ kind: 'evaluation', available: HOSPITALS });
    expect(roundOf(channel, 3).sameSurvivorsAs).toBeUndefined();
  });
});

test('a vote leaves a hospital out of one round', async () => {
  const channel = await statisticsOpen();
  await played(channel, 1, versionOutcome('statistics'));
  await channel.vote(`leave-out~${VA}~${tenDigits(2)}`, THREE);
  await channel.open(2, THREE);
  expect(roundOf(channel, 2).available).toEqual(THREE);
  // It still holds shares: whoever did not join helps to open.
  expect(roundOf(channel, 2).shareKeys).toHaveLength(4);
});

test('the quorum of a private round is three, however few members there are', async () => {
  const of = protocolOf({ mode: 'private', members: THREE });
  const channel = await statisticsOpen(of, THREE);
  await joinPrivately(channel, 1, [CLEVELAND, HUNGARY]);
  channel.now += 60_000;
  expect(await codeOf(close(channel, 1, 'joining'))).toBe('CLOSE_BELOW_QUORUM');
});

test('a round is unmasking until every hospital of the roster has t shares revealed', async () => {
  const channel = await statisticsOpen();
  await untilSurvivors(channel, 1, HOSPITALS, HOSPITALS);
  const facts = () => {
    const of = <T>(noun: string) =>
      new Map(
        HOSPITALS.flatMap((msp): [Msp, T][] => {
          const text = channel.ledger.read(`${noun}~${STUDY}~${tenDigits(1)}~${msp}`);
          return text ? [[msp, { ...(JSON.parse(text) as T), msp }]] : [];
        }),
      );
    const round = roundOf(channel, 1);
    return {
      round,
      joins: of('join'),
      contributions: of('contribution'),
      reveals: of('reveal'),
      attestations: new Map(),
      closes: new Map(),
    };
  };
  expect(deriveRound(protocol, facts() as never).stage).toBe('unmasking');
  await revealAll(channel, 1, [CLEVELAND, HUNGARY], HOSPITALS, HOSPITALS);
  expect(deriveRound(protocol, facts() as never).stage).toBe('unmasking');
  await revealAll(channel, 1, [VA], HOSPITALS, HOSPITALS);
  expect(deriveRound(protocol, facts() as never).stage).toBe('attesting');
});

describe('what a hospital writes of a round', () => {
  /** A training round's figures of the heart study, as long as they get. */
  const result: RoundResult = {
    validation: {
      loss: 412_345_678,
      parentLoss: 412_345_678,
      patients: 197,
      metrics: {
        kind: 'binary',
        loss: 412_345_678,
        patients: 197,
        positives: 101,
        truePositives: 81,
        trueNegatives: 78,
        concordantPairs: 8_700,
        tiedPairs: 112,
        calibration: Array.from({ length: 10 }, () => [20, 10]),
      },
    },
    weight: 1_393,
  };

  /** Bytes of the values that a private round of so many hospitals leaves on the ledger, the mean of them. */
  async function bytesOf(hospitals: number): Promise<number> {
    const members = Array.from({ length: hospitals }, (_, k) => `Hospital${String.fromCharCode(65 + k)}MSP` as Msp);
    const of = protocolOf({ mode: 'private', members });
    const most = members.slice(0, majority(of));
    const channel = new ContractChannel();
    await channel.activeStudy(of, members);
    await channel.open(0, [], members[0]);
    await channel.attest(0, versionOutcome('weights 0', { sumDigest: null }), most);
    await channel.open(1, most, members[0]);
    await joinPrivately(channel, 1, members);
    await channel.contribute(of, 1, members);
    await revealAll(channel, 1, most, members, members);
    await channel.attest(1, versionOutcome('version 1', { result }), members);
    const facts = ['join', 'contribution', 'reveal', 'attestation'].map((noun) => keyRange(noun, STUDY, 1));
    const shareKeys = members.map((msp) => keyRange('sharekey', STUDY, msp));
    const values = [...facts, ...shareKeys].flatMap(({ start, end }) => channel.ledger.range(start, end));
    // Every member's first share key came with its registration.
    const written = values.filter(({ key }) => !key.endsWith(tenDigits(0)));
    expect(written).toHaveLength(4 * hospitals + most.length);
    return written.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0) / hospitals;
  }

  test('is 2 KB at most with four hospitals, and 400 B times the hospitals with more', async () => {
    const [four, seven, ten] = [await bytesOf(4), await bytesOf(7), await bytesOf(10)];
    expect(four).toBeLessThanOrEqual(2_048);
    expect(seven).toBeLessThanOrEqual(7 * 400);
    expect(ten).toBeLessThanOrEqual(10 * 400);
  });
});
