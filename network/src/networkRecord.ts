import { readFileSync, rmSync } from 'node:fs';
import { ChannelKind } from '@consilium/domain';
import { z } from 'zod';
import { PRIVATE_FILE_MODE, writeJsonAtomic } from './atomicFile.js';
import { ProcessIdentity } from './supervise/processIdentity.js';

const PartRecord = z.strictObject({
  owner: z.string(),
  name: z.string(),
  state: z.enum(['stopped', 'starting', 'ready', 'waiting', 'stopping']),
  address: z.string(),
  since: z.iso.datetime(),
  restarts: z.int().min(0),
  stopStage: z.int(),
  process: ProcessIdentity.optional(),
  lastEnd: z.string().optional(),
});
export type PartRecord = z.infer<typeof PartRecord>;

/** What runs in a home folder, as its launcher wrote it down after every change. Others read it to show and to stop. */
export const NetworkRecord = z.strictObject({
  launcher: ProcessIdentity,
  channel: ChannelKind,
  state: z.enum(['starting', 'ready', 'stopping']),
  startedAt: z.iso.datetime(),
  parts: z.array(PartRecord),
});
export type NetworkRecord = z.infer<typeof NetworkRecord>;

export function writeRecord(file: string, record: NetworkRecord): void {
  writeJsonAtomic(file, record, PRIVATE_FILE_MODE);
}

/** The record, or undefined when nothing runs or it cannot be read. */
export function readRecord(file: string): NetworkRecord | undefined {
  try {
    return NetworkRecord.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

export function removeRecord(file: string): void {
  rmSync(file, { force: true });
}
