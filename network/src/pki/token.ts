import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { PRIVATE_FILE_MODE, writeFileAtomic } from '../atomicFile.js';

const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Makes sure that the file holds a person's token for the gateway's API: 32 random bytes in base64url. */
export function keepOrMakeToken(file: string): void {
  if (existsSync(file) && TOKEN.test(readFileSync(file, 'utf8'))) return;
  writeFileAtomic(file, randomBytes(TOKEN_BYTES).toString('base64url'), { mode: PRIVATE_FILE_MODE });
}

/** What the gateway is given in place of the token: the SHA-256 of its characters, in hexadecimal. */
export function tokenSha256(file: string): string {
  return createHash('sha256').update(readFileSync(file, 'utf8')).digest('hex');
}
