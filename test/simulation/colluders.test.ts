import type { Digest, Msp } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { exposedTo, type ShownRound, shownKey } from './colluders.js';

const membersOf = (count: number) => Array.from({ length: count }, (_, k) => `H${k}MSP` as Msp);
const thresholdOf = (count: number) => Math.floor(count / 2) + 1;
const below = (threshold: number) => ({ threshold, colludersMax: threshold - 1 });
const nobodyAgreed = () => false;
const subsets = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: 2 ** items.length }, (_, chosen) => items.filter((_item, k) => chosen & (1 << k)));

/** A round in which every holder showed what an honest one shows; vectors of those outside the survivors were seen as well. */
function opened(members: readonly Msp[], survivors: readonly Msp[], changes: Partial<ShownRound> = {}): ShownRound {
  const round: ShownRound = {
    round: 3,
    kind: 'training',
    base: 'a'.repeat(64) as Digest,
    roster: members,
    survivors,
    openers: new Map(members.map((msp) => [msp, members.map((holder) => [holder])])),
    holders: members,
    shares: new Map(),
    garbage: new Set(),
    vectors: new Set(members),
    ...changes,
  };
  for (const dealer of members)
    round.shares.set(shownKey(dealer, survivors.includes(dealer) ? 'selfMask' : 'maskKey'), new Set(members));
  return round;
}

describe('fewer than t colluders', () => {
  test.each([3, 4, 5, 6, 7])('of %s compute no vector, whoever drops out and whoever they are', (count) => {
    const members = membersOf(count);
    let checked = 0;
    for (const survivors of subsets(members).filter(({ length }) => length >= Math.max(3, thresholdOf(count)))) {
      expect(exposedTo(members, [opened(members, survivors)], below(thresholdOf(count)), nobodyAgreed)).toBeUndefined();
      checked += 1;
    }
    expect(checked).toBeGreaterThan(0);
  });
});

describe('a vector lies open', () => {
  const members = membersOf(5);
  const [A, B, C] = members as [Msp, Msp, Msp];
  const exposed = (...rounds: ShownRound[]) => exposedTo(members, rounds, below(3), nobodyAgreed);

  test('to t colluders', () => {
    expect(
      exposedTo(members, [opened(members, members)], { threshold: 3, colludersMax: 3 }, nobodyAgreed),
    ).toMatchObject({ by: members.slice(0, 3) });
  });

  test('of whom both secrets are shown, to anybody', () => {
    const round = opened(members, members);
    round.shares.set(shownKey(A, 'maskKey'), new Set(members.slice(2)));
    expect(exposed(round)).toMatchObject({ msp: A, by: [] });
  });

  test('of whom one share of the other kind is shown, to those that hold the rest of t', () => {
    const round = opened(members, members);
    round.shares.set(shownKey(A, 'maskKey'), new Set([B]));
    expect(exposed(round)).toMatchObject({ msp: A, by: [C, 'H3MSP'] });
  });

  test('of a dealer whose boxes open with one member’s key', () => {
    const round = opened(members, members);
    (round.openers as Map<Msp, Msp[][]>).set(
      A,
      members.map(() => [B]),
    );
    expect(exposed(round)).toMatchObject({ msp: A, by: [B] });
  });

  test('of who is in one of two sums over one base', () => {
    const [one, other] = [opened(members, members), opened(members, members.slice(1), { round: 4 })];
    expect(exposed(one, other)).toMatchObject({ msp: A, by: [] });
    const evaluated = opened(members, members.slice(1), { round: 4, kind: 'evaluation' });
    expect(exposed(one, evaluated)).toBeUndefined();
    expect(exposed(one, { ...other, base: 'b'.repeat(64) as Digest })).toBeUndefined();
    expect(exposedTo(members, [one, other], below(3), (msp) => msp === A)).toBeUndefined();
  });

  test('of three sums over one base that each differ in two', () => {
    const rounds = [members.slice(2), [A, ...members.slice(3)], [B, ...members.slice(3)]];
    const [one, two, three] = rounds.map((survivors, k) => opened(members, survivors, { round: k }));
    const all = opened(members, members, { round: 9 });
    expect(exposed(one as ShownRound, two as ShownRound, three as ShownRound, all)).toBeDefined();
  });

  test('of one left out of the survivors whose self mask is shown', () => {
    const round = opened(members, members.slice(1));
    round.shares.set(shownKey(A, 'selfMask'), new Set(members));
    expect(exposed(round)).toMatchObject({ msp: A, by: [] });
  });
});
