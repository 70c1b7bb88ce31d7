/** Work on this hospital's rows that is of no round: over the patients who may be used for the study now. */
import { canonicalDigest, refusal, type StudyId, type StudyProtocol } from '@consilium/domain';
import type { ConsentDesk, PatientSource } from './agent/ports.js';
import type { SelectedPatients } from './learning/trainingRows.js';

/** Patients may withdraw while it runs; it is begun anew, but not for ever. */
const ATTEMPTS_MAX = 5;

type Study = Readonly<{ study: StudyId; protocol: StudyProtocol }>;
type Work<T> = (selection: SelectedPatients | undefined, signal: AbortSignal | undefined) => Promise<T>;

export class ConsentedWork {
  readonly #consent: ConsentDesk;
  readonly #source: PatientSource;

  constructor(consent: ConsentDesk, source: PatientSource) {
    this.#consent = consent;
    this.#source = source;
  }

  /**
   * Begins anew with fewer patients where one of them withdraws meanwhile. A study that does not ask for consent is not
   * concerned.
   * @throws ConsiliumError CONSENT_NOT_CONFIGURED, CONSENT_PATIENT_COLUMN_MISSING, CONSENT_COHORT_EMPTY, TRAINING_FAILED
   *   where patients withdraw time and again; what desk, source and work throw
   */
  async run<T>(asked: Study, work: Work<T>, signal?: AbortSignal): Promise<T> {
    if (!asked.protocol.consent) return work(undefined, signal);
    for (let attempt = 1; ; attempt += 1) {
      const withdrawn = new AbortController();
      const during = signal ? AbortSignal.any([signal, withdrawn.signal]) : withdrawn.signal;
      const selection = await this.#selectionNow(asked, signal);
      const stopListening = this.#consent.onRestriction(() => {
        void this.#isStillAllowed(asked, selection).then((isAllowed) => isAllowed || withdrawn.abort());
      });
      try {
        if (await this.#isStillAllowed(asked, selection)) return await work(selection, during);
      } catch (error) {
        if (!withdrawn.signal.aborted) throw error;
      } finally {
        stopListening();
      }
      if (attempt === ATTEMPTS_MAX)
        throw refusal('TRAINING_FAILED', { reason: 'patients withdrew each time that it was begun: ask again' });
    }
  }

  async #selectionNow(asked: Study, signal: AbortSignal | undefined): Promise<SelectedPatients> {
    const sets = await this.#source.patients(asked.protocol, signal);
    const patients = await this.#consent.allowedNow({ ...asked, patients: [...sets.keys()] });
    if (patients.size === 0) throw refusal('CONSENT_COHORT_EMPTY', { study: asked.study });
    return { patients, patientsDigest: canonicalDigest([...patients].sort()) };
  }

  /** Whoever cannot be asked about is not allowed. */
  async #isStillAllowed(asked: Study, { patients }: SelectedPatients): Promise<boolean> {
    const allowed = await this.#consent.allowedNow({ ...asked, patients: [...patients] }).catch(() => new Set());
    return allowed.size === patients.size;
  }
}
