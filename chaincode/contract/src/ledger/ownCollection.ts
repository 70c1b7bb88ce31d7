/** A hospital's own implicit collection: its peer keeps the values, the others see salted hashes at most. */
import type { ConsentRef } from '@consilium/domain';
import { ledgerKey, type Msp } from '@consilium/domain';
import type { PrivateWrite } from '../rules/privateOpenings.js';
import type { LedgerContext } from './ledgerContext.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

export class OwnCollection {
  readonly #stub: LedgerContext['stub'];
  readonly #name: string;

  constructor(stub: LedgerContext['stub'], msp: Msp) {
    this.#stub = stub;
    this.#name = `_implicit_org_${msp}`;
  }

  async keep(writes: readonly PrivateWrite[]): Promise<void> {
    for (const { key, value } of writes) await this.#stub.putPrivateData(this.#name, key, Buffer.from(value));
  }

  /** Out of the peer's private store too, for good: a block keeps the hash of key and value, and both were random. */
  async purge(refs: readonly ConsentRef[]): Promise<void> {
    for (const ref of refs) await this.#stub.purgePrivateData(this.#name, ledgerKey.opening(ref));
  }

  /** What is kept of these refs; those of which nothing is are left out. */
  async read(refs: readonly ConsentRef[]): Promise<PrivateWrite[]> {
    const keys = refs.map((ref) => ledgerKey.opening(ref));
    const values = await Promise.all(keys.map((key) => this.#stub.getPrivateData(this.#name, key)));
    return keys.flatMap((key, k) => {
      const value = values[k];
      return value && value.length > 0 ? [{ key, value: decoder.decode(value) }] : [];
    });
  }
}

/** Transient data reaches the endorsing peers alone, and stands in no block. */
export function transientText(stub: LedgerContext['stub'], name: string): string | undefined {
  const bytes = stub.getTransient().get(name);
  return bytes && decoder.decode(bytes);
}
