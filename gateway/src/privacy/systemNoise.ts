/**
 * Random numbers for differential privacy, from the operating system alone: whoever could guess them could subtract them.
 * There is no seed, and there cannot be one.
 */
import { randomFillSync } from 'node:crypto';

const BUFFER_BYTES = 64 * 1024;
const BYTES_PER_UNIT = 8;
const UNITS = 2 ** 53;

export class SystemNoise {
  readonly #bytes = Buffer.alloc(BUFFER_BYTES);
  #at = BUFFER_BYTES;

  /** Even in [0, 1), with 53 random bits. */
  unit(): number {
    return this.#bits53() / UNITS;
  }

  /**
   * Fills an array with draws of the normal distribution with mean 0, by Box and Muller ("A Note on the Generation of Random
   * Normal Deviates", 1958) on 53 bits each: no draw is further out than 8.57 deviations, which one of 10^16 would be.
   */
  fillNormal(out: Float64Array | Float32Array, deviation: number): void {
    for (let i = 0; i < out.length; i += 2) {
      // In (0, 1]: its logarithm is finite.
      const radius = deviation * Math.sqrt(-2 * Math.log((this.#bits53() + 1) / UNITS));
      const angle = 2 * Math.PI * this.unit();
      out[i] = radius * Math.cos(angle);
      if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle);
    }
  }

  #bits53(): number {
    if (this.#at === BUFFER_BYTES) {
      randomFillSync(this.#bytes);
      this.#at = 0;
    }
    const high = this.#bytes.readUInt32LE(this.#at) & 0x1f_ffff;
    const low = this.#bytes.readUInt32LE(this.#at + 4);
    this.#at += BYTES_PER_UNIT;
    return high * 2 ** 32 + low;
  }
}
