/** The timers of this process. A timer alone does not keep the process running. */
import type { Timers } from './ports.js';

/** Longer waits than a signed 32-bit number of milliseconds would come at once: they are cut, and asked for again. */
const WAIT_MS_MAX = 2 ** 31 - 1;

export const systemTimers: Timers = {
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, WAIT_MS_MAX));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
