/** Many refs in few bytes: 16 each. */
import type { ConsentRef } from '@consilium/domain';

const REF_BYTES = 16;

export class RefList {
  readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes);
  }

  static of(refs: readonly ConsentRef[]): RefList {
    return new RefList(Buffer.from(refs.join(''), 'hex'));
  }

  get count(): number {
    return this.bytes.length / REF_BYTES;
  }

  /** The position of a ref, without making the others; -1: it is none of them. */
  indexOf(ref: ConsentRef): number {
    const sought = Buffer.from(ref, 'hex');
    for (let from = 0; ; ) {
      const at = this.bytes.indexOf(sought, from);
      if (at < 0 || at % REF_BYTES === 0) return at < 0 ? -1 : at / REF_BYTES;
      from = at + 1;
    }
  }

  refs(): ConsentRef[] {
    const hex = this.bytes.toString('hex');
    const digits = REF_BYTES * 2;
    return Array.from({ length: this.count }, (_, k) => hex.slice(k * digits, (k + 1) * digits) as ConsentRef);
  }

  equals(other: RefList): boolean {
    return this.bytes.equals(other.bytes);
  }
}
