/** The real arithmetic of a hospital that, in some rounds, says that something else came out. */

import { digestOf } from '../../gateway/src/agent/digestOf.js';
import type { Arithmetic } from '../../gateway/src/agent/ports.js';

/** How often a hospital that lies about initial rounds does so: else no study of liars would ever begin. */
const INITIAL_LIES_MAX = 2;

/**
 * @param lies what a hospital adds to the version of a round (0: of every initial round); undefined: nothing, it is honest
 */
export function dishonestArithmetic(honest: Arithmetic, lies: (round: number) => string | undefined): Arithmetic {
  const falsified = (file: Uint8Array, lie: string) => Buffer.concat([file, Buffer.from(lie)]);
  let initialLies = 0;
  return {
    initialVersion: (protocol) => {
      const lie = initialLies < INITIAL_LIES_MAX ? lies(0) : undefined;
      initialLies += 1;
      const file = honest.initialVersion(protocol);
      return lie === undefined ? file : falsified(file, lie);
    },
    aggregate: (round) => {
      const made = honest.aggregate(round);
      const lie = lies(round.round);
      if (lie === undefined || !made.file || made.outcome.kind !== 'version') return made;
      const file = falsified(made.file, lie);
      return { ...made, file, outcome: { ...made.outcome, digest: digestOf(file) } };
    },
  };
}
