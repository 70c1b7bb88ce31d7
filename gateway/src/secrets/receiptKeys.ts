/**
 * The keys that sign for other hospitals' vectors: Ed25519, one a study, made once and kept for the whole study, since the
 * channel takes no other. They lie in files of their own, readable by the gateway alone.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign as signBytes,
} from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StudyId } from '@consilium/domain';
import type { ReceiptKeys } from '../agent/ports.js';

/** The last bytes of an Ed25519 SubjectPublicKeyInfo (RFC 8410) are the raw key. */
const RAW_KEY_BYTES = 32;

export class FileReceiptKeys implements ReceiptKeys {
  readonly #folder: string;
  readonly #keys = new Map<StudyId, Promise<KeyObject>>();

  /** @param folder made where it is missing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async publicKey(study: StudyId): Promise<string> {
    const spki = createPublicKey(await this.#key(study)).export({ type: 'spki', format: 'der' });
    return spki.subarray(-RAW_KEY_BYTES).toString('base64');
  }

  async sign(study: StudyId, payload: string): Promise<string> {
    return signBytes(null, Buffer.from(payload, 'utf8'), await this.#key(study)).toString('base64');
  }

  #key(study: StudyId): Promise<KeyObject> {
    const found = this.#keys.get(study);
    if (found) return found;
    const made = readOrMakeKey(this.#folder, StudyId.parse(study));
    this.#keys.set(study, made);
    made.catch(() => this.#keys.delete(study));
    return made;
  }
}

async function readOrMakeKey(folder: string, study: StudyId): Promise<KeyObject> {
  const path = join(folder, `${study}.key`);
  const found = await readKey(path);
  if (found) return found;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const unfinished = join(folder, `${randomUUID()}.unfinished`);
  const file = await open(unfinished, 'wx', 0o600);
  try {
    await file.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link never replaces: of two that make the key at once, one wins and both use it.
    await link(unfinished, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await syncFolder(folder);
  } finally {
    await rm(unfinished, { force: true });
  }
  return (await readKey(path)) as KeyObject;
}

async function readKey(path: string): Promise<KeyObject | undefined> {
  try {
    return createPrivateKey(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
