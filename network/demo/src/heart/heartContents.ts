/** The bytes of the four files, and whether they are UCI's. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { byHospital, HEART_HOSPITALS, type HeartKey } from './heartHospitals.js';

export type HeartContents = Readonly<Record<HeartKey, Buffer>>;

/** Lower case hexadecimal SHA-256. */
export function sha256Of(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Hands the contents back where each file is UCI's, byte for byte.
 * @throws Error that names the first file that is not
 */
export function requireUci(contents: HeartContents, whence: string): HeartContents {
  for (const { key, file, sha256 } of HEART_HOSPITALS) {
    const found = sha256Of(contents[key]);
    if (found !== sha256) throw new Error(`${file} of ${whence} is not UCI's: its SHA-256 is ${found}`);
  }
  return contents;
}

/**
 * UCI's four files out of a folder.
 * @throws Error where one is missing or not UCI's
 */
export async function readHeartFolder(folder: string): Promise<HeartContents> {
  const files = await Promise.all(
    HEART_HOSPITALS.map(async ({ file }) => {
      try {
        return await readFile(join(folder, file));
      } catch (error) {
        throw new Error(`${join(folder, file)} cannot be read`, { cause: error });
      }
    }),
  );
  const contents = byHospital((hospital) => files[HEART_HOSPITALS.indexOf(hospital)] as Buffer);
  return requireUci(contents, folder);
}
