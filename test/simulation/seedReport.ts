/** What the processes that run seeds are told, and what they tell. */

export type SeedOrder = Readonly<{
  seeds: readonly number[];
  /** The name of a planted bug; absent: the real thing. */
  bug?: string;
  tellsTrace?: boolean;
  /** Of small studies in which patients withdraw. */
  withdrawals?: boolean;
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
  summary: string;
}>;
