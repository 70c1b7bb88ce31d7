import { sha256 } from '../wire/bytes.js';
import { encode, ledger } from '../wire/proto.js';
import type { KeyRead, MerkleSummary } from './readWriteSet.js';

const { kvrwset } = ledger.rwset;

/** Results that a range may have before they are summarised (Fabric's `maxDegreeQueryReadsHashing`). */
export const RANGE_READS_RAW_MAX = 50;

/** One read as it stands in a read set. */
export function keyReadMessage(read: KeyRead): ledger.rwset.kvrwset.KVRead {
  const message = new kvrwset.KVRead();
  message.setKey(read.key);
  if (read.version) {
    const version = new kvrwset.Version();
    version.setBlockNum(read.version.block);
    version.setTxNum(read.version.transaction);
    message.setVersion(version);
  }
  return message;
}

/**
 * Collects the results of a range as they are read. Up to `degreeMax` they are kept one by one; beyond, every
 * `degreeMax + 1` of them become one hash, and likewise the hashes level by level, so that a range of any length leaves
 * at most `degreeMax` hashes (Fabric's `RangeQueryResultsHelper`).
 */
export class RangeReads {
  readonly #degreeMax: number;
  readonly #levels = new Map<number, Buffer[]>();
  #pending: KeyRead[] = [];
  #topLevel = 1;

  constructor(degreeMax = RANGE_READS_RAW_MAX) {
    this.#degreeMax = degreeMax;
  }

  /** Adds the next result. */
  add(read: KeyRead): void {
    this.#pending.push(read);
    if (this.#pending.length > this.#degreeMax) this.#hashPending();
  }

  /** Ends the collection: the reads themselves, or their summary. */
  finish(): { reads: KeyRead[]; summary: MerkleSummary | undefined } {
    if (this.#isFlat()) return { reads: this.#pending, summary: undefined };
    if (this.#pending.length > 0) this.#hashPending();
    this.#closeLevels();
    return {
      reads: [],
      summary: { degreeMax: this.#degreeMax, level: this.#topLevel, hashes: this.#levels.get(this.#topLevel) ?? [] },
    };
  }

  #isFlat(): boolean {
    return this.#topLevel === 1 && !this.#levels.has(1);
  }

  #hashPending(): void {
    const reads = new kvrwset.QueryReads();
    reads.setKvReadsList(this.#pending.map(keyReadMessage));
    this.#pending = [];
    this.#rise(1, sha256(encode(reads)));
  }

  #rise(firstLevel: number, firstHash: Buffer): void {
    let level = firstLevel;
    let hash = firstHash;
    for (;;) {
      const hashes = this.#levels.get(level) ?? [];
      hashes.push(hash);
      this.#levels.set(level, hashes);
      this.#topLevel = Math.max(this.#topLevel, level);
      if (hashes.length <= this.#degreeMax) return;
      hash = sha256(...hashes);
      this.#levels.delete(level);
      level += 1;
    }
  }

  #closeLevels(): void {
    for (let level = 1; level < this.#topLevel; level++) {
      const hashes = this.#levels.get(level);
      if (!hashes) continue;
      this.#levels.delete(level);
      const hash = hashes.length === 1 ? (hashes[0] as Buffer) : sha256(...hashes);
      this.#levels.set(level + 1, [...(this.#levels.get(level + 1) ?? []), hash]);
    }
    const top = this.#levels.get(this.#topLevel) ?? [];
    if (top.length <= this.#degreeMax) return;
    this.#levels.delete(this.#topLevel);
    this.#topLevel += 1;
    this.#levels.set(this.#topLevel, [sha256(...top)]);
  }
}
