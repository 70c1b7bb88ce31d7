import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { PRIVATE_FILE_MODE, writeFileAtomic } from '../atomicFile.js';

const KEY_BYTES = 32;

/**
 * Makes sure that there is a file with the key of a hospital's consent store: 32 random bytes in hexadecimal digits. One
 * that is there is never replaced, whatever it holds: it may be all that opens the store.
 */
export function keepOrMakeConsentKey(file: string): void {
  if (!existsSync(file)) writeFileAtomic(file, randomBytes(KEY_BYTES).toString('hex'), { mode: PRIVATE_FILE_MODE });
}
