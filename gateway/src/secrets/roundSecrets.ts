/**
 * Secrets of private rounds in files of their own, one folder a study: never in the database, never in a backup. A file is
 * replaced or removed whole, and what it held is overwritten first where the file system lets it be.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Base64, JoinKeys, StudyId } from '@consilium/domain';
import type { DealtSecrets, RoundSecrets } from '../agent/ports.js';

const KEY_BYTES = 32;
const SHARE_KEY = /^share-(\d{1,10})\.key$/;
const ROUND = /^round-(\d{1,10})\.secret$/;
/** The first byte of a round's file says what follows. */
const DEALT = 0x44;
const MASKED = 0x4d;

export class FileRoundSecrets implements RoundSecrets {
  readonly #folder: string;

  /** @param folder made where it is missing; nobody else writes there */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async stateOf(study: StudyId, round: number): Promise<'dealt' | 'masked' | undefined> {
    const file = await open(this.#round(study, round), 'r').catch(ignoreMissing);
    if (!file) return undefined;
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, 0);
      if (bytesRead === 0) return undefined;
      return buffer[0] === MASKED ? 'masked' : 'dealt';
    } finally {
      await file.close();
    }
  }

  async dealt(study: StudyId, round: number): Promise<DealtSecrets | undefined> {
    const bytes = await readFile(this.#round(study, round)).catch(ignoreMissing);
    if (!bytes || bytes[0] !== DEALT) return undefined;
    const { selfMask, maskKey, keys } = JSON.parse(bytes.subarray(1).toString('utf8')) as Record<string, unknown>;
    return { selfMask: secretIn(selfMask), maskKey: secretIn(maskKey), keys: JoinKeys.parse(keys) };
  }

  async keepDealt(study: StudyId, round: number, { selfMask, maskKey, keys }: DealtSecrets): Promise<void> {
    if (await this.stateOf(study, round)) throw new Error(`secrets of round ${round} are kept already`);
    const text = JSON.stringify({ selfMask: base64(selfMask), maskKey: base64(maskKey), keys });
    await this.#write(study, this.#round(study, round), [Buffer.of(DEALT), Buffer.from(text, 'utf8')]);
  }

  async masked(study: StudyId, round: number): Promise<Uint8Array | undefined> {
    const bytes = await readFile(this.#round(study, round)).catch(ignoreMissing);
    return bytes && bytes[0] === MASKED ? Uint8Array.from(bytes.subarray(1)) : undefined;
  }

  async keepMasked(study: StudyId, round: number, vector: Uint8Array): Promise<void> {
    const path = this.#round(study, round);
    // The old content stays reachable by this handle alone, once the new file has its name.
    const before = await open(path, 'r+').catch(ignoreMissing);
    try {
      await this.#write(study, path, [Buffer.of(MASKED), vector]);
      if (before) await overwrite(before);
    } finally {
      await before?.close();
    }
  }

  async shareKeys(study: StudyId): Promise<readonly number[]> {
    return this.#numbered(study, SHARE_KEY);
  }

  async shareKey(study: StudyId, index: number): Promise<Uint8Array | undefined> {
    const bytes = await readFile(this.#shareKey(study, index)).catch(ignoreMissing);
    return bytes?.length === KEY_BYTES ? Uint8Array.from(bytes) : undefined;
  }

  async keepShareKey(study: StudyId, index: number, privateKey: Uint8Array): Promise<Uint8Array> {
    const kept = await this.shareKey(study, index);
    if (kept) return kept;
    await this.#write(study, this.#shareKey(study, index), [privateKey]);
    return privateKey;
  }

  async destroy(study: StudyId, shareKeys: readonly number[], rounds: readonly number[]): Promise<void> {
    for (const index of shareKeys) await destroyFile(this.#shareKey(study, index));
    for (const round of rounds) await destroyFile(this.#round(study, round));
    await syncFolder(join(this.#folder, study));
  }

  async rounds(study: StudyId): Promise<readonly number[]> {
    return this.#numbered(study, ROUND);
  }

  async #numbered(study: StudyId, name: RegExp): Promise<number[]> {
    const names = (await readdir(join(this.#folder, StudyId.parse(study))).catch(ignoreMissing)) ?? [];
    return names
      .flatMap((file) => (name.exec(file)?.[1] === undefined ? [] : [Number(name.exec(file)?.[1])]))
      .sort((a, b) => a - b);
  }

  #round(study: StudyId, round: number): string {
    return join(this.#folder, StudyId.parse(study), `round-${round}.secret`);
  }

  #shareKey(study: StudyId, index: number): string {
    return join(this.#folder, StudyId.parse(study), `share-${index}.key`);
  }

  /** All of it or nothing, on the disk before it returns. */
  async #write(study: StudyId, path: string, parts: readonly Uint8Array[]): Promise<void> {
    const folder = join(this.#folder, study);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const unfinished = join(folder, `${randomUUID()}.unfinished`);
    const file = await open(unfinished, 'wx', 0o600);
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
    await syncFolder(folder);
  }
}

async function destroyFile(path: string): Promise<void> {
  const file = await open(path, 'r+').catch(ignoreMissing);
  if (!file) return;
  try {
    await overwrite(file);
  } finally {
    await file.close();
  }
  await rm(path, { force: true });
}

/** Zeros in the place of what was there: as good as the file system and the disk below it let it be. */
async function overwrite(file: Awaited<ReturnType<typeof open>>): Promise<void> {
  const { size } = await file.stat();
  await file.write(Buffer.alloc(Math.min(size, 64 * 1024)), 0, Math.min(size, 64 * 1024), 0);
  await file.truncate(Math.min(size, 64 * 1024));
  await file.sync();
}

function secretIn(value: unknown): Uint8Array {
  const bytes = Buffer.from(Base64.parse(value), 'base64');
  if (bytes.length !== KEY_BYTES) throw new Error('a file of round secrets is damaged');
  return Uint8Array.from(bytes);
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(ignoreMissing);
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
