/** Where the master key of a consent store comes from. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { refusal } from '@consilium/domain';
import { KEY_BYTES } from './sealing.js';

export interface ConsentKey {
  /** Keys that may open the store: the first one, and after it one that an interrupted rotation left. */
  candidates(): readonly Uint8Array[];
  /** Keeps a new key beside the old one, durably, before the store is wrapped under it. */
  prepare(next: Uint8Array): void;
  /** The store opens with this key: it is the only one from here on. */
  settle(current: Uint8Array): void;
}

/**
 * A key that the gateway was handed, out of its environment. Rotation leaves it to whoever handed it in.
 * @param text 32 bytes in hexadecimal digits
 * @throws ConsiliumError CONSENT_STORE_LOCKED
 */
export function handedConsentKey(text: string): ConsentKey {
  const key = parseKey(text, 'the key that was handed in');
  return { candidates: () => [key], prepare: () => undefined, settle: () => undefined };
}

/** A file with the key in hexadecimal digits. During a rotation the next key stands beside it, in `<file>.next`. */
export class ConsentKeyFile implements ConsentKey {
  readonly #file: string;
  readonly #next: string;

  constructor(file: string) {
    this.#file = file;
    this.#next = `${file}.next`;
  }

  /** @throws ConsiliumError CONSENT_STORE_LOCKED */
  candidates(): readonly Uint8Array[] {
    const texts = [readText(this.#file), readText(this.#next)];
    if (texts[0] === undefined) throw refusal('CONSENT_STORE_LOCKED', { problem: 'its key file cannot be read' });
    return texts.filter((text) => text !== undefined).map((text) => parseKey(text, 'its key file'));
  }

  prepare(next: Uint8Array): void {
    writeDurably(this.#next, Buffer.from(next).toString('hex'));
  }

  settle(current: Uint8Array): void {
    const hex = Buffer.from(current).toString('hex');
    const next = readText(this.#next);
    if (next === undefined) return;
    if (next === hex) renameSync(this.#next, this.#file);
    else rmSync(this.#next);
    syncFolder(dirname(this.#file));
  }
}

function parseKey(text: string, what: string): Buffer {
  const digits = text.trim();
  if (!new RegExp(`^[0-9a-fA-F]{${KEY_BYTES * 2}}$`).test(digits))
    throw refusal('CONSENT_STORE_LOCKED', { problem: `${what} is not ${KEY_BYTES * 2} hexadecimal digits` });
  return Buffer.from(digits, 'hex');
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'w', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncFolder(dirname(file));
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
