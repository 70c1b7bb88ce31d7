/** Makes evidence packs for one person: about a record, a round, a patient in cohorts, or a whole cohort opened to an auditor. */
import type { ConsentRef, Msp, StudyId } from '@consilium/domain';
import type { Clock } from '../../agent/ports.js';
import { addBatches, openingOf } from './packOpenings.js';
import { type PackNames, PackParts } from './packParts.js';
import type { Chain, EndorsedQuestions, EvidenceStore, PackSigner } from './ports.js';

export type EvidenceParts = Readonly<{
  names: PackNames;
  questions: EndorsedQuestions;
  chain: Chain;
  signer: PackSigner;
  /** Absent: this hospital keeps no consents, and nothing can be opened. */
  store?: EvidenceStore;
  clock: Clock;
}>;

export type PackOptions = Readonly<{
  /** All blocks, so that the order of everything is shown. */
  wholeBlocks?: boolean;
  signal?: AbortSignal | undefined;
}>;

export class EvidencePacks {
  readonly #parts: EvidenceParts;

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
  }

  /**
   * Everything about one record.
   * @param open `contents`: salt and contents too; `patient`: and the patient's number. What is opened tells about a patient
   * @throws ConsiliumError what the contract refuses with, CONSENT_RECORD_UNKNOWN, LEDGER_UNAVAILABLE
   */
  async consent(
    { msp, ref }: Readonly<{ msp: Msp; ref: ConsentRef }>,
    options: PackOptions & Readonly<{ open?: 'contents' | 'patient' | undefined }> = {},
  ): Promise<Buffer> {
    const { questions, store, signer } = this.#parts;
    const pack = new PackParts(this.#parts.chain);
    pack.addAnswer(await questions.ask('ConsentContract:consentHistory', { msp, ref }, options.signal));
    pack.addAnswer(await questions.ask('ConsentContract:policies', { msp }, options.signal));
    if (store && msp === signer.msp) addBatches(pack.archive, msp, store, [ref]);
    if (store && options.open)
      pack.archive.addJson('openings.json', [openingOf(store, ref, options.open === 'patient')]);
    return this.#finish(pack, { kind: 'consent', msp, ref }, options);
  }

  /**
   * A round's facts: joins with their cohorts, contributions, attestations, closes.
   * @throws ConsiliumError ROUND_UNKNOWN, LEDGER_UNAVAILABLE
   */
  async round(asked: Readonly<{ study: StudyId; round: number }>, options: PackOptions = {}): Promise<Buffer> {
    const pack = new PackParts(this.#parts.chain);
    pack.addAnswer(await this.#parts.questions.ask('RoundContract:roundFacts', asked, options.signal));
    return this.#finish(pack, { kind: 'round', ...asked }, options);
  }

  #finish(pack: PackParts, subject: unknown, { wholeBlocks = false, signal }: PackOptions): Promise<Buffer> {
    const { names, signer, clock } = this.#parts;
    return pack.finish({ names, subject, signer, createdAt: clock.now(), wholeBlocks }, signal);
  }
}
