/** Seeded random bits that are the same in every hospital and every implementation: an AES-256-CTR keystream. */
import { type Cipher, createCipheriv, createHash } from 'node:crypto';

const BUFFER_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(BUFFER_BYTES);

/**
 * The keystream of AES-256-CTR with a zero IV under SHA-256 of the given words, joined by line feeds, in UTF-8. Not for
 * secrets: whoever knows the words knows the stream.
 */
export class Keystream {
  readonly #cipher: Cipher;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(...words: readonly (string | number)[]) {
    const key = createHash('sha256').update(words.join('\n'), 'utf8').digest();
    this.#cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  }

  #byte(): number {
    if (this.#at === this.#buffer.length) {
      this.#buffer = this.#cipher.update(ZEROS);
      this.#at = 0;
    }
    return this.#buffer[this.#at++] as number;
  }

  /** The next 24 bits: three bytes, the first the most significant. */
  next24Bits(): number {
    return this.#byte() * 65_536 + this.#byte() * 256 + this.#byte();
  }

  /** The next 32 bits: four bytes, the first the most significant. */
  next32Bits(): number {
    return this.next24Bits() * 256 + this.#byte();
  }

  /** A number in [0, 1) with 32 random bits. */
  nextUnit(): number {
    return this.next32Bits() / 2 ** 32;
  }

  /** An even draw from 0 to `below` - 1, for `below` up to 2^32; draws that would favour small numbers are thrown away. */
  nextBelow(below: number): number {
    const even = 2 ** 32 - (2 ** 32 % below);
    let draw = this.next32Bits();
    while (draw >= even) draw = this.next32Bits();
    return draw % below;
  }
}
