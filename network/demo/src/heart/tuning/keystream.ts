/** Seeded draws, AES-256-CTR under SHA-256 of words joined by line feeds: those of the gateways, so that tuning draws what they draw. */
import { type Cipher, createCipheriv, createHash } from 'node:crypto';

const BLOCK = Buffer.alloc(4096);

export class Draws {
  readonly #cipher: Cipher;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(...words: readonly (string | number)[]) {
    this.#cipher = createCipheriv(
      'aes-256-ctr',
      createHash('sha256').update(words.join('\n')).digest(),
      Buffer.alloc(16),
    );
  }

  #byte(): number {
    if (this.#at === this.#bytes.length) {
      this.#bytes = this.#cipher.update(BLOCK);
      this.#at = 0;
    }
    return this.#bytes[this.#at++] as number;
  }

  next24Bits(): number {
    return this.#byte() * 65_536 + this.#byte() * 256 + this.#byte();
  }

  /** An even draw from 0 to `below` - 1; draws that would favour small numbers are thrown away. */
  nextBelow(below: number): number {
    const even = 2 ** 32 - (2 ** 32 % below);
    let draw = even;
    while (draw >= even) draw = this.next24Bits() * 256 + this.#byte();
    return draw % below;
  }

  /** Puts numbers into an even order (Fisher and Yates). */
  shuffle(numbers: Int32Array): Int32Array {
    for (let last = numbers.length - 1; last > 0; last -= 1) {
      const other = this.nextBelow(last + 1);
      [numbers[last], numbers[other]] = [numbers[other] as number, numbers[last] as number];
    }
    return numbers;
  }
}
