/** What the processes that run seeds are told, and what they tell. */

import type { Theme } from './scenario.js';

export type SeedOrder = Readonly<{
  seeds: readonly number[];
  /** The name of a planted bug; absent: the real thing. */
  bug?: string;
  tellsTrace?: boolean;
  /** What the runs are drawn from; absent: anything. */
  theme?: Theme;
}>;

export type SeedReport = Readonly<{
  seed: number;
  /** The property that did not hold; no further seed is run then. */
  violation: string | undefined;
  /** What came about in the run. */
  met: readonly string[];
  traceDigest: string;
  /** The scenario and the end of the trace where a property did not hold; the whole of it where it was asked for. */
  story: readonly string[];
  /** Kind and stage of the last round. */
  ended: string;
  summary: string;
}>;
