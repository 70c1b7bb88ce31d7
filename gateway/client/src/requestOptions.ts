/** How a request is asked: what it waits for, and what ends it. */
import type { RequestOptions } from './transport.js';

/**
 * How long a request that needs a commit waits for it. `true`: as long as the gateway waits; a number: that many
 * seconds; absent: not at all.
 */
export type Waiting = Readonly<{ wait?: boolean | number; signal?: AbortSignal }>;
export type Asking = Readonly<{ signal?: AbortSignal }>;

/** Longer than the gateway waits for a commit. */
const COMMIT_REQUEST_MS_MAX = 150_000;

export function waitingOptions({ wait: asked, signal }: Waiting): RequestOptions {
  const common = { signal, requestMsMax: COMMIT_REQUEST_MS_MAX };
  if (asked === true) return { ...common, query: { wait: 'commit' } };
  return typeof asked === 'number' ? { ...common, headers: { prefer: `wait=${asked}` } } : common;
}

/** One part of a path. */
export function part(text: string): string {
  return encodeURIComponent(text);
}
