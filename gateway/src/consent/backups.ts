/**
 * Copies of the store: one file each, encrypted and authenticated as a whole beside what is sealed inside. The database
 * follows a header in pieces, each bound to the header, to its place and to whether it is the last.
 */
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { refusal } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import { z } from 'zod';
import { BACKUP_CHUNK_BYTES } from './consentLimits.js';
import type { ConsentStoreOwner } from './consentSchema.js';
import { KEY_BYTES, seal, unseal } from './sealing.js';

const MAGIC = 'consilium consent backup 1\n';
const HEADER_BYTES_MAX = 4_096;
const LENGTH_BYTES = 4;
const NAME = /^consent-\d{8}T\d{6}Z-[0-9a-f]{8}\.backup$/;

const Header = z.strictObject({
  msp: z.string(),
  channel: z.string(),
  madeAt: z.int(),
  salt: z.string().regex(/^[0-9a-f]{64}$/),
  /** The channel's height at that time. */
  height: z.int(),
});
type Header = z.infer<typeof Header>;

export type BackupFile = Readonly<{ name: string; bytes: number; sha256: string }>;

export class Backups {
  readonly #folder: string;
  readonly #owner: ConsentStoreOwner;

  constructor(home: string, owner: ConsentStoreOwner) {
    this.#folder = join(home, 'consent-backups');
    this.#owner = owner;
  }

  make(database: Database, master: Uint8Array, now: number, height: number): BackupFile {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
    const name = `consent-${stamp}-${randomBytes(4).toString('hex')}.backup`;
    const copy = join(this.#folder, `${name}.database`);
    const unfinished = join(this.#folder, `${name}.unfinished`);
    try {
      database.prepare('VACUUM INTO ?').run(copy);
      const header: Header = { ...this.#owner, madeAt: now, salt: randomBytes(32).toString('hex'), height };
      writeBackup(copy, unfinished, header, master);
      renameSync(unfinished, join(this.#folder, name));
    } finally {
      rmSync(copy, { force: true });
      rmSync(unfinished, { force: true });
    }
    const bytes = readFileSync(join(this.#folder, name));
    return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  list(): Readonly<{ name: string; bytes: number; madeAt: number }>[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder).filter((name) => NAME.test(name));
    } catch {
      return [];
    }
    return names.sort().map((name) => {
      const { size, mtimeMs } = statSync(join(this.#folder, name));
      return { name, bytes: size, madeAt: Math.round(mtimeMs) };
    });
  }

  /**
   * Writes the database of a backup beside it, once all of it is found to be whole.
   * @returns the path, which the caller removes
   * @throws ConsiliumError CONSENT_STORE_BACKUP_INVALID
   */
  unpack(name: string, master: Uint8Array): string {
    if (!NAME.test(name)) throw invalid('no backup has such a name');
    const copy = join(this.#folder, `${name}.restoring`);
    rmSync(copy, { force: true });
    try {
      readBackup(join(this.#folder, name), copy, this.#owner, master);
    } catch (error) {
      rmSync(copy, { force: true });
      throw error;
    }
    return copy;
  }
}

function backupKey(master: Uint8Array, salt: string): Buffer {
  const words = 'consilium consent store: backup key 1';
  return Buffer.from(hkdfSync('sha256', master, Buffer.from(salt, 'hex'), words, KEY_BYTES));
}

function piecePlace(header: string, index: number, last: boolean) {
  return {
    table: 'backup',
    key: `${createHash('sha256').update(header).digest('hex')}/${index}/${last ? 'last' : ''}`,
  };
}

function writeBackup(from: string, to: string, header: Header, master: Uint8Array): void {
  const text = JSON.stringify(header);
  const key = backupKey(master, header.salt);
  const input = openSync(from, 'r');
  const output = openSync(to, 'wx', 0o600);
  try {
    writeSync(output, `${MAGIC}${text}\n`);
    const { size } = statSync(from);
    const piece = Buffer.alloc(BACKUP_CHUNK_BYTES);
    for (let at = 0, index = 0; at < size; index += 1) {
      const read = readSync(input, piece, 0, piece.length, at);
      at += read;
      const sealed = seal(key, piecePlace(text, index, at >= size), piece.subarray(0, read));
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(sealed.length);
      writeSync(output, length);
      writeSync(output, sealed);
    }
    fsyncSync(output);
  } finally {
    closeSync(input);
    closeSync(output);
  }
}

function readBackup(from: string, to: string, owner: ConsentStoreOwner, master: Uint8Array): void {
  let input: number;
  try {
    input = openSync(from, 'r');
  } catch {
    throw invalid('there is no such file');
  }
  try {
    const output = openSync(to, 'wx', 0o600);
    try {
      const { size } = statSync(from);
      const { text, header, at } = readHeader(input);
      for (const name of ['msp', 'channel'] as const)
        if (header[name] !== owner[name]) throw invalid(`it is of another ${name}`);
      readPieces(input, output, { text, key: backupKey(master, header.salt), at, size });
    } finally {
      closeSync(output);
    }
  } finally {
    closeSync(input);
  }
}

function readHeader(input: number): { text: string; header: Header; at: number } {
  const head = Buffer.alloc(HEADER_BYTES_MAX);
  const read = readSync(input, head, 0, head.length, 0);
  const start = head.subarray(0, read);
  const end = start.indexOf('\n', MAGIC.length);
  if (!start.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC)) || end < 0)
    throw invalid('it is no backup of a consent store, or one of a newer version');
  const text = start.toString('utf8', MAGIC.length, end);
  const header = parsedHeader(text);
  if (!header) throw invalid('its header is damaged');
  return { text, header, at: end + 1 };
}

function parsedHeader(text: string): Header | undefined {
  try {
    return Header.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function readPieces(
  input: number,
  output: number,
  { text, key, at: start, size }: Readonly<{ text: string; key: Buffer; at: number; size: number }>,
): void {
  const pieceMax = BACKUP_CHUNK_BYTES + 64;
  let at = start;
  for (let index = 0; at < size; index += 1) {
    const length = Buffer.alloc(LENGTH_BYTES);
    readSync(input, length, 0, LENGTH_BYTES, at);
    const bytes = length.readUInt32BE();
    const end = at + LENGTH_BYTES + bytes;
    if (bytes > pieceMax || end > size) throw invalid('it is cut off, or damaged');
    const sealed = Buffer.alloc(bytes);
    readSync(input, sealed, 0, bytes, at + LENGTH_BYTES);
    at = end;
    writeSync(output, opened(key, piecePlace(text, index, at === size), sealed));
  }
  if (at === start) throw invalid('it is cut off');
}

function opened(key: Buffer, place: Readonly<{ table: string; key: string }>, sealed: Buffer): Buffer {
  try {
    return unseal(key, place, sealed);
  } catch {
    throw invalid('it is damaged, or was made under another key');
  }
}

export function invalid(problem: string) {
  return refusal('CONSENT_STORE_BACKUP_INVALID', { problem });
}
