/** Hospitals that vanish in a round: before they contribute, or after. Every combination that a private round must survive. */
import type { Msp } from '@consilium/domain';

export type Dropout = Readonly<{
  /** The round, from 1. */
  round: number;
  /** Killed when the roster is fixed: they joined, and never contribute. */
  silent: readonly Msp[];
  /** Killed when their contribution stands: they reveal nothing. */
  vanishing: readonly Msp[];
  /** Of both, those whose round secrets are gone when they come back. */
  losing: readonly Msp[];
  /** Whether their peers are down as well. */
  isWhole: boolean;
  /** Fewer are left than the round needs: it ends with its reason, or waits until they come back. */
  isTooMany: boolean;
}>;

type Combination = Pick<Dropout, 'silent' | 'vanishing'>;

export const DROPOUT_MEMBERS = [4, 5, 6, 7] as const;
/** Training rounds of a study in which hospitals drop out, each in another combination. */
export const DROPOUT_ROUNDS = 8;

/**
 * Every assignment of both kinds to hospitals that leaves a quorum of survivors, and t hospitals to finish. Those that are the
 * same but for which hospital is which, going round, come one of each first: `kinds` of them.
 */
function combinationsOf(members: readonly Msp[]): Readonly<{ all: readonly Combination[]; kinds: number }> {
  const alike = new Map<string, Combination[]>();
  for (const roles of rolesOf(members.length)) {
    const rotated = roles.map((_role, k) => [...roles.slice(k), ...roles.slice(0, k)].join(''));
    const kind = rotated.sort()[0] as string;
    const silent = members.filter((_msp, k) => roles[k] === SILENT);
    const vanishing = members.filter((_msp, k) => roles[k] === VANISHING);
    alike.set(kind, [...(alike.get(kind) ?? []), { silent, vanishing }]);
  }
  const groups = [...alike.values()];
  const turn = (group: readonly Combination[], j: number, i: number) =>
    i < group.length ? [group[(i + j) % group.length] as Combination] : [];
  const all = members.flatMap((_msp, i) => groups.flatMap((group, j) => turn(group, j, i)));
  return { all, kinds: groups.length };
}

const [STAYING, SILENT, VANISHING] = [0, 1, 2];

function rolesOf(count: number): number[][] {
  let roles: number[][] = [[]];
  for (let k = 0; k < count; k += 1)
    roles = roles.flatMap((some) => [STAYING, SILENT, VANISHING].map((role) => [...some, role]));
  return roles.filter((some) => some.filter((role) => role !== STAYING).length <= spareOf(count));
}

/** How many of so many members can be gone. */
function spareOf(count: number): number {
  return count - Math.max(3, Math.floor(count / 2) + 1);
}

/** How many studies it takes to go through all combinations of so many members. */
export function dropoutStudies(members: readonly Msp[]): number {
  return Math.ceil(combinationsOf(members).all.length / DROPOUT_ROUNDS);
}

/** As many of them have one combination of each kind. */
export function dropoutKindStudies(members: readonly Msp[]): number {
  return Math.ceil(combinationsOf(members).kinds / DROPOUT_ROUNDS);
}

/**
 * The rounds of one of these studies. Whoever vanished comes back for the next one; where that one can spare it, without its
 * secrets: then it can open nothing in the round that was opened meanwhile.
 */
export function dropoutsOf(members: readonly Msp[], study: number): Dropout[] {
  const spare = spareOf(members.length);
  const chosen = combinationsOf(members).all.slice(study * DROPOUT_ROUNDS, (study + 1) * DROPOUT_ROUNDS);
  const gone = ({ silent, vanishing }: Combination) => [...silent, ...vanishing];
  return chosen.map((combination, k) => {
    const next = chosen[k + 1];
    const mayLose = spare - (next ? gone(next).length : 0);
    const losing = gone(combination)
      .filter((msp) => !next || !gone(next).includes(msp))
      .slice(0, mayLose);
    return { round: k + 1, ...combination, losing, isWhole: k % 2 === 0, isTooMany: false };
  });
}
