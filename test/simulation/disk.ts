/**
 * A hospital's disk. What was written and awaited survives a crash; what was being written may or may not. The database
 * (journal, personal tensors) can be restored from a backup; the files and the receipt key beside it are what they are.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Digest, Msp, StudyId } from '@consilium/domain';
import type { Blobs, Journal, PersonalStore, PersonalTensors, ReceiptKeys } from '../../gateway/src/agent/ports.js';
import type { Incarnation } from './incarnation.js';
import type { Random } from './random.js';

export type Database = { journal: Map<string, string>; personal: Map<string, PersonalTensors> };

export class Disk {
  readonly #msp: Msp;
  readonly #random: Random;
  readonly #files = new Map<Digest, Uint8Array>();
  /** Files whose writing has begun and is not over. */
  readonly #writing = new Map<Digest, Uint8Array>();
  #database: Database = { journal: new Map(), personal: new Map() };

  constructor(msp: Msp, random: Random) {
    this.#msp = msp;
    this.#random = random;
  }

  holds(digest: Digest): boolean {
    return this.#files.has(digest);
  }

  file(digest: Digest): Uint8Array | undefined {
    return this.#files.get(digest);
  }

  journaled(study: StudyId, round: number, name: string): string | undefined {
    return this.#database.journal.get(journalKey(study, round, name));
  }

  backup(): Database {
    return { journal: new Map(this.#database.journal), personal: new Map(this.#database.personal) };
  }

  restore({ journal, personal }: Database): void {
    this.#database = { journal: new Map(journal), personal: new Map(personal) };
  }

  /** What was being written when the power went is there, or not. */
  crash(): void {
    for (const [digest, bytes] of this.#writing) if (this.#random.chance(0.5)) this.#files.set(digest, bytes);
    this.#writing.clear();
  }

  blobs(process: Incarnation): Blobs {
    return {
      put: async (bytes) => {
        const digest = sha256(bytes);
        this.#writing.set(digest, bytes);
        await process.delay(this.#random.between(0, 3));
        this.#files.set(digest, bytes);
        this.#writing.delete(digest);
        return digest;
      },
      get: async (digest) => this.#files.get(digest),
      read: async (digest, take) => {
        const bytes = this.#files.get(digest);
        if (!bytes) return undefined;
        take(bytes, 0);
        return { digest: sha256(bytes), bytes: bytes.length };
      },
      has: async (digest) => this.#files.has(digest),
      remove: async (digest) => {
        this.#files.delete(digest);
      },
    };
  }

  journal(): Journal {
    return {
      get: (study, round, name) => this.journaled(study, round, name),
      set: (study, round, name, value) => {
        this.#database.journal.set(journalKey(study, round, name), value);
      },
    };
  }

  personal(): PersonalStore {
    return {
      get: (study, version) => this.#database.personal.get(`${study} ${version}`),
      set: (study, version, tensors) => {
        this.#database.personal.set(`${study} ${version}`, tensors);
      },
      remove: (study, version) => {
        this.#database.personal.delete(`${study} ${version}`);
      },
    };
  }

  receiptKeys(): ReceiptKeys {
    const key = keyOf(this.#msp);
    return {
      publicKey: async () => key.publicKey,
      sign: async (_study, payload) => sign(null, Buffer.from(payload), key.privateKey).toString('base64'),
    };
  }
}

function journalKey(study: StudyId, round: number, name: string): string {
  return `${study} ${round} ${name}`;
}

function sha256(content: Uint8Array | string): Digest {
  return createHash('sha256').update(content).digest('hex') as Digest;
}

type ReceiptKey = Readonly<{ publicKey: string; privateKey: KeyObject }>;
const receiptKeys = new Map<Msp, ReceiptKey>();

/** The head of a PKCS#8 document that holds a raw Ed25519 seed (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The same key in every run: it decides nothing, and making keys is slow. */
function keyOf(msp: Msp): ReceiptKey {
  const known = receiptKeys.get(msp);
  if (known) return known;
  const seed = createHash('sha256').update(`receipt key of ${msp}`).digest();
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const x = createPublicKey(privateKey).export({ format: 'jwk' }).x as string;
  const made = { publicKey: Buffer.from(x, 'base64url').toString('base64'), privateKey };
  receiptKeys.set(msp, made);
  return made;
}
