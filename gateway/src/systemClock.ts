import type { Clock } from './agent/ports.js';

export const systemClock: Clock = {
  now: () => Date.now(),
  // CLOCK_MONOTONIC: one clock for all processes of a host, so that their times can be compared.
  monotonic: () => Number(process.hrtime.bigint()) / 1e6,
};
