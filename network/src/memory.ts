import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { refusal } from '@consilium/domain';

const MIB = 1024 * 1024;

/**
 * What is set aside for one hospital, in MiB: 90 for its chaincode process (measured), the rest an allowance for its
 * gateway and its training process.
 */
export const MEMORY_MIB_PER_HOSPITAL = 400;

/**
 * @param channelMiB what is set aside for the channel's own processes.
 * @throws TOPOLOGY_TOO_LARGE with the figures, if this machine's memory does not carry so many hospitals.
 */
export function requireMemory(
  hospitals: number,
  channelMiB: number,
  availableMiB: number = availableMemoryMiB(),
): void {
  const neededMiB = channelMiB + hospitals * MEMORY_MIB_PER_HOSPITAL;
  if (neededMiB > availableMiB) throw refusal('TOPOLOGY_TOO_LARGE', { hospitals, neededMiB, availableMiB });
}

/** Memory that new processes can have without others being swapped out, in MiB; a container's limit counts. */
export function availableMemoryMiB(): number {
  const machine = process.platform === 'linux' ? availableOnLinux() : totalmem();
  const limit = process.constrainedMemory();
  return Math.floor(Math.min(machine, limit !== undefined && limit > 0 ? limit : machine) / MIB);
}

/** `MemAvailable` counts what the kernel would give back from its caches (proc_meminfo(5)); free memory does not. */
function availableOnLinux(): number {
  const line = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
  return line === null ? freemem() : Number(line[1]) * 1024;
}
