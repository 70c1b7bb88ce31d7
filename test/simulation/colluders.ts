/**
 * What hospitals that collude can compute of the others' vectors: from shares that they were dealt and that were shown to
 * anybody (in refused and invalid transactions too) to secrets, from secrets to masks, from masks to vectors and sums.
 */
import type { Digest, Msp, RoundKind, ShareKind } from '@consilium/domain';

/** All that anybody has shown of a private round, whether it was committed or not. */
export type ShownRound = {
  readonly round: number;
  readonly kind: RoundKind;
  readonly base: Digest;
  readonly roster: readonly Msp[];
  /** Once they are fixed. */
  survivors: readonly Msp[] | undefined;
  /** Of a dealer, the members that can open each holder's box: the holder alone, where it was sealed rightly. */
  readonly openers: ReadonlyMap<Msp, readonly (readonly Msp[])[]>;
  /** Members that hold shares, in the order of the boxes. */
  readonly holders: readonly Msp[];
  /** `dealer kind` to the holders that showed their share. */
  readonly shares: Map<string, Set<Msp>>;
  /** Dealers whose shares turned out to give no secret. */
  readonly garbage: Set<Msp>;
  /** Whose masked vector was shown. */
  readonly vectors: Set<Msp>;
};

export const shownKey = (dealer: Msp, kind: ShareKind) => `${dealer} ${kind}`;

/** A sum of honest hospitals' vectors that the colluders know. */
export type KnownSum = Readonly<{ round: number; of: readonly Msp[] }>;

/** A hospital whose vector can be computed, and how. */
export type Exposed = Readonly<{ msp: Msp; by: readonly Msp[]; how: string }>;

/**
 * The sums that colluders can compute in a round, those of the fewest first. Of vectors whose self masks they know, those sums in which all pair masks
 * that they do not know meet their counterparts: one for each set of hospitals that unknown pair masks tie together.
 */
function knownSums(round: ShownRound, colluders: ReadonlySet<Msp>, threshold: number): KnownSum[] {
  const knows = (dealer: Msp, kind: ShareKind) => {
    if (colluders.has(dealer)) return true;
    if (round.garbage.has(dealer)) return false;
    const shown = round.shares.get(shownKey(dealer, kind));
    const opened = round.openers.get(dealer) ?? [];
    const known = round.holders.filter(
      (holder, k) => shown?.has(holder) || opened[k]?.some((member) => colluders.has(member)),
    );
    return known.length >= threshold;
  };
  const others = round.roster.filter((msp) => !colluders.has(msp));
  const hasMaskKeyKnown = new Map(others.map((msp) => [msp, knows(msp, 'maskKey')]));
  const isTied = (a: Msp, b: Msp) => !hasMaskKeyKnown.get(a) && !hasMaskKeyKnown.get(b);
  // Unknown pair masks tie every hospital whose mask key is unknown to every other such one.
  const tied = others.filter((msp) => others.some((other) => other !== msp && isTied(msp, other)));
  const sets = [...(tied.length > 0 ? [tied] : []), ...others.filter((msp) => !tied.includes(msp)).map((msp) => [msp])];
  return sets
    .filter((set) => set.every((msp) => round.vectors.has(msp) && knows(msp, 'selfMask')))
    .sort((a, b) => a.length - b.length)
    .map((of) => ({ round: round.round, of }));
}

/**
 * The first hospital whose vector fewer than t colluders could compute, in one round or from all rounds of a kind over one
 * base, taken to give the same vector each time. A sum in which there is one honest hospital alone tells its vector to the
 * others whatever masks do: two honest survivors are what the protocol assumes.
 *
 * @param members of the study
 * @param bounds t, and how many collude at most: one fewer than t
 * @param agreed whether a hospital said yes to being left out of a sum over a base
 */
export function exposedTo(
  members: readonly Msp[],
  rounds: readonly ShownRound[],
  { threshold, colludersMax }: Readonly<{ threshold: number; colludersMax: number }>,
  agreed: (msp: Msp, round: ShownRound) => boolean,
): Exposed | undefined {
  for (const by of subsetsUpTo(members, colludersMax)) {
    const colluders = new Set(by);
    const sums = new Map<string, KnownSum[]>();
    for (const round of rounds) {
      const known = knownSums(round, colluders, threshold);
      const honest = (round.survivors ?? []).filter((msp) => !colluders.has(msp));
      if (honest.length === 1) continue;
      for (const { of } of known) {
        if (of.length === honest.length && of.every((msp) => honest.includes(msp))) continue;
        const how = `the sum of ${of.join(' ')} in round ${round.round}, whose survivors are ${round.survivors?.join(' ')}`;
        return { msp: of[0] as Msp, by, how };
      }
      const key = `${round.kind} over ${round.base}`;
      sums.set(key, [...(sums.get(key) ?? []), ...known]);
    }
    for (const [key, known] of sums) {
      const msp = members.find(
        (candidate) =>
          isInSpan(candidate, known, members) &&
          !rounds.some((round) => `${round.kind} over ${round.base}` === key && agreed(candidate, round)),
      );
      if (msp !== undefined)
        return { msp, by, how: `${key}, from the sums of rounds ${known.map(({ round }) => round).join(' ')}` };
    }
  }
  return undefined;
}

/** Whether sums give one hospital's vector by themselves. Elimination over the rationals, on zeros and ones. */
function isInSpan(msp: Msp, sums: readonly KnownSum[], members: readonly Msp[]): boolean {
  if (sums.length < 2) return false;
  const target = members.map((member) => (member === msp ? 1 : 0));
  const rows = sums.map(({ of }) => members.map((member) => (of.includes(member) ? 1 : 0)));
  return rankOf(rows) === rankOf([...rows, target]);
}

function rankOf(given: readonly (readonly number[])[]): number {
  const rows = given.map((row) => [...row]);
  let rank = 0;
  for (let column = 0; column < (rows[0]?.length ?? 0); column += 1) {
    const pivot = rows.findIndex((row, k) => k >= rank && Math.abs(row[column] as number) > 1e-9);
    if (pivot < 0) continue;
    const [first] = rows.splice(pivot, 1) as [number[]];
    rows.splice(rank, 0, first);
    for (const row of rows.slice(rank + 1)) {
      const factor = (row[column] as number) / (first[column] as number);
      for (let k = column; k < row.length; k += 1) row[k] = (row[k] as number) - factor * (first[k] as number);
    }
    rank += 1;
  }
  return rank;
}

function subsetsUpTo<T>(items: readonly T[], size: number): T[][] {
  const all: T[][] = Array.from({ length: 2 ** items.length }, (_, chosen) =>
    items.filter((_item, k) => chosen & (1 << k)),
  );
  return all.filter((subset) => subset.length <= size);
}
