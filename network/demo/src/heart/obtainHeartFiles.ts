/** The four hospitals' files, from the first place that has them. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type HeartContents, readHeartFolder, sha256Of } from './heartContents.js';
import { heartFromRegistry } from './heartFromRegistry.js';
import { heartFromUci } from './heartFromUci.js';
import { byHospital, HEART_HOSPITALS, type HeartKey } from './heartHospitals.js';
import { syntheticHeart } from './syntheticHeart.js';

/** `folder`, `registry` and `uci` are the same bytes: UCI's. */
export type HeartSource = 'folder' | 'registry' | 'uci' | 'synthetic';

export type HeartFiles = Readonly<{
  source: HeartSource;
  /** Of each file, as it lies there now. */
  sha256: Readonly<Record<HeartKey, string>>;
  /** Absolute paths. */
  files: Readonly<Record<HeartKey, string>>;
}>;

/** How each place is asked; a test hands in its own. */
export type HeartPlaces = Readonly<{
  registry: (environment: NodeJS.ProcessEnv, signal?: AbortSignal) => Promise<HeartContents>;
  uci: (signal?: AbortSignal) => Promise<HeartContents>;
}>;

type Wish = Readonly<{
  /** `CONSILIUM_DATA_DIR` names a folder that holds `heart/`. */
  environment: NodeJS.ProcessEnv;
  /** The user's cache folder, shared by all clones. */
  cacheFolder: string;
  /** Told each line that a user should read. */
  say: (line: string) => void;
  signal?: AbortSignal;
}>;

const PLACES: HeartPlaces = { registry: heartFromRegistry, uci: heartFromUci };

/**
 * In this order: the folder that `CONSILIUM_DATA_DIR` names, what an earlier run has kept, the package registry, UCI;
 * all of them checked against UCI's SHA-256 each time. Where none answers, synthetic patients, and it says so.
 */
export async function obtainHeartFiles(wish: Wish, places: HeartPlaces = PLACES): Promise<HeartFiles> {
  const { environment, cacheFolder, say, signal } = wish;
  if (environment.CONSILIUM_DATA_DIR) {
    const folder = resolve(environment.CONSILIUM_DATA_DIR, 'heart');
    try {
      return found('folder', folder, await readHeartFolder(folder));
    } catch (error) {
      say(`CONSILIUM_DATA_DIR is passed over: ${(error as Error).message}`);
    }
  }
  const kept = await readKept(cacheFolder);
  if (kept) return kept;
  const reasons: string[] = [];
  for (const source of ['registry', 'uci'] as const) {
    say(`Fetching the four hospitals' files from ${PLACE_NAMES[source]} (less than 1 MB, once for all clones).`);
    try {
      const contents = source === 'registry' ? await places.registry(environment, signal) : await places.uci(signal);
      const folder = keptFolder(cacheFolder, source);
      await writeWhole(folder, contents);
      return found(source, folder, contents);
    } catch (error) {
      signal?.throwIfAborted();
      reasons.push((error as Error).message);
    }
  }
  for (const reason of reasons) say(`No real patients: ${reason}`);
  say(
    'SYNTHETIC PATIENTS are used instead. Real ones: set CONSILIUM_DATA_DIR to a folder with heart/processed.*.data.',
  );
  const contents = await syntheticHeart();
  const folder = join(cacheFolder, 'heart-synthetic');
  await writeWhole(folder, contents);
  return found('synthetic', folder, contents);
}

const PLACE_NAMES = { registry: 'the Python package registry', uci: 'UCI' };

function keptFolder(cacheFolder: string, source: 'registry' | 'uci'): string {
  return join(resolve(cacheFolder), 'heart', source);
}

/** What an earlier run fetched, if its bytes are still UCI's. */
async function readKept(cacheFolder: string): Promise<HeartFiles | undefined> {
  for (const source of ['registry', 'uci'] as const) {
    const folder = keptFolder(cacheFolder, source);
    try {
      return found(source, folder, await readHeartFolder(folder));
    } catch {
      // Nothing kept, or no longer what it was: it is fetched anew.
    }
  }
  return undefined;
}

function found(source: HeartSource, folder: string, contents: HeartContents): HeartFiles {
  return {
    source,
    sha256: byHospital(({ key }) => sha256Of(contents[key])),
    files: byHospital(({ file }) => join(folder, file)),
  };
}

/** Puts a whole folder in place at once: another clone that reads meanwhile sees all four files or none. */
async function writeWhole(folder: string, contents: HeartContents): Promise<void> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(join(parent, 'new-'));
  try {
    for (const { key, file } of HEART_HOSPITALS) await writeFile(join(scratch, file), contents[key]);
    await rm(folder, { recursive: true, force: true });
    await rename(scratch, folder);
  } catch (error) {
    // Another clone was faster: what it wrote is as good, if it is the same.
    const isThere = await Promise.all(
      HEART_HOSPITALS.map(async ({ key, file }) => contents[key].equals(await readFile(join(folder, file)))),
    ).catch(() => [false]);
    if (!isThere.every(Boolean)) throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
