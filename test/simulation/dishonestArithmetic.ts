/** The real arithmetic of a hospital that, in some rounds, says that something else came out. */

import { digestOf } from '../../gateway/src/agent/digestOf.js';
import type { Arithmetic } from '../../gateway/src/agent/ports.js';

/** How often a hospital that lies about initial rounds does so: else no study of liars would ever begin. */
const INITIAL_LIES_MAX = 2;

/** What is falsified: the version, its figures beside the right version, or whose vectors are summed up. */
export const LIES = ['version', 'metrics', 'survivors'] as const;
type RoundVectors = Parameters<Arithmetic['aggregate']>[0];
export type Lie = Readonly<{ text: string; about: (typeof LIES)[number] }>;

/**
 * @param lies what a hospital adds to the version of a round (0: of every initial round); undefined: nothing, it is honest
 */
export function dishonestArithmetic(honest: Arithmetic, lies: (round: number) => Lie | undefined): Arithmetic {
  const falsified = (file: Uint8Array, lie: string) => Buffer.concat([file, Buffer.from(lie)]);
  let initialLies = 0;
  return {
    initialVersion: (protocol) => {
      const lie = initialLies < INITIAL_LIES_MAX ? lies(0) : undefined;
      initialLies += 1;
      const file = honest.initialVersion(protocol);
      return lie === undefined ? file : falsified(file, lie.text);
    },
    aggregate: (round) => {
      const lie = lies(round.round);
      if (lie?.about === 'survivors') return honest.aggregate(withoutOne(round));
      const made = honest.aggregate(round);
      if (lie === undefined || !made.file || made.outcome.kind !== 'version') return made;
      if (lie.about === 'metrics') {
        const weight =
          (made.outcome.result.weight ?? 0) + 1 + Number.parseInt(digestOf(Buffer.from(lie.text)).slice(0, 6), 16);
        const result = { ...made.outcome.result, weight };
        return { ...made, outcome: { ...made.outcome, result } };
      }
      const file = falsified(made.file, lie.text);
      return { ...made, file, outcome: { ...made.outcome, digest: digestOf(file) } };
    },
  };
}

/** The sum of other survivors than the channel fixed, or one that is as wrong. */
function withoutOne({ vectors, sum, ...round }: RoundVectors): RoundVectors {
  const [, ...others] = vectors;
  return { ...round, vectors: new Map(others), sum: sum.map((value) => value + 1) };
}
