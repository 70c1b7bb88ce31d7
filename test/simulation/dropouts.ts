/** Hospitals that vanish in a round: before they contribute, or after. Every combination that a private round must survive. */
import { type Msp, majority } from '@consilium/domain';

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
}>;

type Combination = Pick<Dropout, 'silent' | 'vanishing'>;

export const DROPOUT_MEMBERS = [4, 5, 6, 7] as const;
/** Training rounds of a study in which hospitals drop out, each in another combination. */
export const DROPOUT_ROUNDS = 8;

/** Every assignment of both kinds to hospitals that leaves a quorum of survivors, and t hospitals to finish. */
export function combinationsOf(members: readonly Msp[]): Combination[] {
  const spare = members.length - Math.max(3, majority({ members: [...members] }));
  return members
    .reduce<Combination[]>(
      (all, msp) =>
        all.flatMap(({ silent, vanishing }) => [
          { silent, vanishing },
          { silent: [...silent, msp], vanishing },
          { silent, vanishing: [...vanishing, msp] },
        ]),
      [{ silent: [], vanishing: [] }],
    )
    .filter(({ silent, vanishing }) => silent.length + vanishing.length <= spare);
}

/** How many studies it takes to go through all combinations of so many members. */
export function dropoutStudies(members: readonly Msp[]): number {
  return Math.ceil(combinationsOf(members).length / DROPOUT_ROUNDS);
}

/**
 * The rounds of one of these studies. Whoever vanished comes back for the next one; where that one can spare it, without its
 * secrets: then it can open nothing in the round that was opened meanwhile.
 */
export function dropoutsOf(members: readonly Msp[], study: number): Dropout[] {
  const spare = members.length - Math.max(3, majority({ members: [...members] }));
  const chosen = combinationsOf(members).slice(study * DROPOUT_ROUNDS, (study + 1) * DROPOUT_ROUNDS);
  const gone = ({ silent, vanishing }: Combination) => [...silent, ...vanishing];
  return chosen.map((combination, k) => {
    const next = chosen[k + 1];
    const mayLose = spare - (next ? gone(next).length : 0);
    const losing = gone(combination)
      .filter((msp) => !next || !gone(next).includes(msp))
      .slice(0, mayLose);
    return { round: k + 1, ...combination, losing, isWhole: k % 2 === 0 };
  });
}
