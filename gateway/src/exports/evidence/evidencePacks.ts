/** Makes evidence packs for one person: about a record, a round, a patient in cohorts, or a whole cohort opened to an auditor. */
import {
  CONSENT_REFS_PER_QUERY_MAX,
  type ConsentRef,
  Join,
  type Msp,
  recordUnder,
  refusal,
  type StudyId,
} from '@consilium/domain';
import type { Clock, RoundFiles } from '../../agent/ports.js';
import { type SealedArchive, wholePack } from './archive.js';
import { QUESTIONS_AT_ONCE } from './evidenceLimits.js';
import {
  addBatchProofs,
  addWholeBatches,
  asksForPermit,
  cohortEntry,
  openedMember,
  openingOf,
} from './packOpenings.js';
import { type BlocksTaken, type PackNames, PackParts } from './packParts.js';
import type { Chain, EndorsedPage, EndorsedQuestions, EvidenceStore, PackSigner } from './ports.js';

export type EvidenceParts = Readonly<{
  names: PackNames;
  questions: EndorsedQuestions;
  chain: Chain;
  signer: PackSigner;
  /** Absent: this hospital keeps no consents, and nothing can be opened. */
  store?: EvidenceStore;
  /** The bytes that rounds were computed from. */
  files: RoundFiles;
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
    if (store && msp === signer.msp) addBatchProofs(pack, msp, store, ref);
    if (store && options.open)
      pack.archive.addJson('openings.json', [openingOf(pack, store, ref, options.open === 'patient')]);
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

  /**
   * A round with all that it was computed from: its facts, what it rests on, and the bytes of its base, of every survivor's
   * vector (masked in a private round) and of what it made. Whoever has it computes the round again, offline. The bytes are
   * read as the pack is written.
   * @throws ConsiliumError STUDY_UNKNOWN, ROUND_UNKNOWN, ROUND_NOT_SETTLED, EXCHANGE_UNREACHABLE, VECTOR_UNKNOWN,
   *   LEDGER_UNAVAILABLE
   */
  async recomputation(
    asked: Readonly<{ study: StudyId; round: number }>,
    { wholeBlocks = false, signal }: PackOptions = {},
  ): Promise<SealedArchive> {
    const { questions, chain, files } = this.#parts;
    const needed = await files.gather(asked.study, asked.round, signal);
    const pack = new PackParts(chain);
    pack.addAnswer(await questions.ask('RoundContract:roundFacts', asked, signal));
    pack.addAnswer(await questions.ask('RoundContract:roundGrounds', asked, signal));
    for (const { digest, bytes } of needed)
      pack.archive.add(`files/${digest}`, { bytes, sha256: digest, read: () => files.read(digest) });
    const subject = { kind: 'recomputation', ...asked };
    return this.#sealed(pack, subject, wholeBlocks ? 'all' : 'written', signal);
  }

  /**
   * Whether a record of this hospital was in the cohorts that it committed to in a study: one path for every round. Opens
   * the record's salt and contents, without which a position could be anyone's.
   * @throws ConsiliumError CONSENT_RECORD_UNKNOWN, CONSENT_NOT_CONFIGURED, LEDGER_UNAVAILABLE
   */
  async membership(
    { ref, study }: Readonly<{ ref: ConsentRef; study: StudyId }>,
    options: PackOptions & Readonly<{ withPatient?: boolean }> = {},
  ): Promise<Buffer> {
    const { questions, chain, signer } = this.#parts;
    const { msp } = signer;
    const store = this.#store();
    const pack = new PackParts(chain);
    pack.addAnswer(await questions.ask('ConsentContract:consentHistory', { msp, ref }, options.signal));
    pack.addAnswer(await questions.ask('ConsentContract:policies', { msp }, options.signal));
    const uses = await questions.ask('ConsentContract:cohortUse', { study }, options.signal);
    pack.addAnswer(uses);
    addBatchProofs(pack, msp, store, ref);
    pack.archive.addJson('openings.json', [openingOf(pack, store, ref, options.withPatient === true)]);
    const rounds = uses
      .flatMap(({ records }) => records)
      .flatMap(({ key, value }) => (key.startsWith('join~') ? [recordUnder(Join, key, value)] : []))
      .filter((join) => join.msp === msp && join.cohort !== undefined);
    pack.archive.addJson(
      'membership.json',
      rounds.map(({ round }) => ({ round, proof: store.cohortProof({ ref }, study, round).proof })),
    );
    return this.#finish(pack, { kind: 'membership', msp, ref, study }, options);
  }

  /**
   * Opens a cohort of this hospital to an auditor: every member's salt, contents and, where asked for, patient number.
   * @throws ConsiliumError CONSENT_COHORT_UNKNOWN, CONSENT_NOT_CONFIGURED, ROLE_REQUIRED, LEDGER_UNAVAILABLE
   */
  async cohort(
    { study, round }: Readonly<{ study: StudyId; round: number }>,
    options: PackOptions & Readonly<{ withPatients?: boolean }> = {},
  ): Promise<Buffer> {
    const { questions, chain, signer } = this.#parts;
    const { msp } = signer;
    const { signal } = options;
    const opened = this.#store().cohortOpening(study, round, { withPatients: options.withPatients === true });
    const pack = new PackParts(chain);
    pack.addAnswer(await questions.ask('RoundContract:roundFacts', { study, round }, signal));
    const studyPages = await questions.ask('StudyContract:readStudy', { study }, signal);
    pack.addAnswer(studyPages);
    const policies = await questions.ask('ConsentContract:policies', { msp }, signal);
    pack.addAnswer(policies);
    if (asksForPermit(studyPages, study))
      pack.addAnswer(await questions.ask('ConsentContract:cohortUse', { study }, signal));
    for (const pages of await this.#histories(
      { study, round, refs: [...opened.members.map(({ ref }) => ref), ...opened.erased] },
      signal,
    ))
      pack.addAnswer(pages);
    addWholeBatches(pack.archive, msp, this.#store(), policies);
    pack.archive.addJson(
      'openings.json',
      opened.members.map((member) => openedMember(pack, member)),
    );
    pack.archive.addJson('cohort.json', cohortEntry(opened, study, round));
    return this.#finish(pack, { kind: 'cohort', msp, study, round }, options);
  }

  /** Some questions at a time: peers have other work too. */
  async #histories(
    { refs, ...asked }: Readonly<{ study: StudyId; round: number; refs: readonly ConsentRef[] }>,
    signal: AbortSignal | undefined,
  ): Promise<(readonly EndorsedPage[])[]> {
    const { questions, signer } = this.#parts;
    const answers: (readonly EndorsedPage[])[] = [];
    const chunks = Array.from({ length: Math.ceil(refs.length / CONSENT_REFS_PER_QUERY_MAX) }, (_, k) =>
      refs.slice(k * CONSENT_REFS_PER_QUERY_MAX, (k + 1) * CONSENT_REFS_PER_QUERY_MAX),
    );
    for (let k = 0; k < chunks.length; k += QUESTIONS_AT_ONCE) {
      const some = chunks.slice(k, k + QUESTIONS_AT_ONCE).map((chunk) => {
        const query = { ...asked, msp: signer.msp, refs: chunk };
        return questions.ask('ConsentContract:cohortHistory', query, signal);
      });
      answers.push(...(await Promise.all(some)));
    }
    return answers;
  }

  #store(): EvidenceStore {
    const { store } = this.#parts;
    if (!store) throw refusal('CONSENT_NOT_CONFIGURED', {});
    return store;
  }

  async #finish(pack: PackParts, subject: unknown, { wholeBlocks = false, signal }: PackOptions): Promise<Buffer> {
    return wholePack(await this.#sealed(pack, subject, wholeBlocks ? 'all' : 'configurations', signal));
  }

  #sealed(
    pack: PackParts,
    subject: unknown,
    blocks: BlocksTaken,
    signal: AbortSignal | undefined,
  ): Promise<SealedArchive> {
    const { names, signer, clock } = this.#parts;
    return pack.finish({ names, subject, signer, createdAt: clock.now(), blocks }, signal);
  }
}
