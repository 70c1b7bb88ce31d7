/** Receipts that other members gave for this hospital's vectors. Kept in memory: a member signs the same again. */
import type { Msp, Receipt, StudyId } from '@consilium/domain';

const NONE: ReadonlyMap<Msp, Receipt> = new Map();

export class OwnReceipts {
  readonly #byRound = new Map<string, Map<Msp, Receipt>>();

  of(study: StudyId, round: number): ReadonlyMap<Msp, Receipt> {
    return this.#byRound.get(`${study} ${round}`) ?? NONE;
  }

  add(study: StudyId, round: number, receipt: Receipt): void {
    const key = `${study} ${round}`;
    const receipts = this.#byRound.get(key) ?? new Map<Msp, Receipt>();
    this.#byRound.set(key, receipts.set(receipt.msp, receipt));
  }

  /** Forgets rounds before the one named. */
  forgetBefore(study: StudyId, round: number): void {
    for (const key of this.#byRound.keys()) {
      const [of, number] = key.split(' ');
      if (of === study && Number(number) < round) this.#byRound.delete(key);
    }
  }
}
