/** Processor time of processes, as Linux counts it. */
import { readFileSync } from 'node:fs';

const CLOCK_TICK_MS = 10;

/** Milliseconds so far of every process of the network, and of this one, the client. */
export function cpuMs(network) {
  const own = process.cpuUsage();
  const others = network.status().flatMap((part) => (part.process ? [processCpuMs(part.process.pid)] : []));
  return (own.user + own.system) / 1000 + others.reduce((sum, ms) => sum + ms, 0);
}

/** Milliseconds so far of one process. */
export function processCpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
}
