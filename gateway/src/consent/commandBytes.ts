/** How many events one transaction's command holds. */
export const CommandBytes = {
  /** The first so many inputs whose JSON stays below the limit; at least one. */
  fitting(events: readonly Readonly<{ input: unknown }>[], bytesMax: number): number {
    let bytes = 0;
    for (const [k, { input }] of events.entries()) {
      bytes += Buffer.byteLength(JSON.stringify(input)) + 1;
      if (bytes > bytesMax && k > 0) return k;
    }
    return events.length;
  },
} as const;
