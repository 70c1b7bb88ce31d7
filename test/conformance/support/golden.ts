import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from './answer.js';

const FILE = join(import.meta.dirname, '../golden.json');

/** Blocks of the channel that the answers were recorded on, serialised, base64. */
export interface Evidence {
  /** Block 0: who the organisations and the orderers are. */
  readonly configuration: string;
  /** The block with the transaction that names the digest of the answers. */
  readonly seal: string;
}

/** What real Fabric answered, and what shows that it did. */
export interface Golden {
  /** As the peer's own program names it. */
  readonly version: string;
  readonly answers: Readonly<Record<string, Answer>>;
  readonly evidence: Evidence;
}

/** The recorded answers; undefined where none were recorded. */
export function readGolden(): Golden | undefined {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Golden) : undefined;
}

export function writeGolden(golden: Golden): void {
  writeFileSync(FILE, `${JSON.stringify(golden, null, 2)}\n`);
}

/** SHA-256 over version and answers, in the order in which they are listed: what the peers and orderers sign. */
export function digestOf({ version, answers }: Pick<Golden, 'version' | 'answers'>): string {
  return createHash('sha256').update(JSON.stringify({ version, answers })).digest('hex');
}
