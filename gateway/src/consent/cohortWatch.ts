/** Keeps an eye on a selection: whether each of its patients may still be used. */
import { createHash } from 'node:crypto';
import type { ConsentRef, Digest } from '@consilium/domain';
import type { CohortSelection } from '../agent/ports.js';
import type { KeptDecision } from './cohortDecisions.js';

export class CohortWatch {
  readonly decision: KeptDecision;
  readonly #members: ReadonlySet<ConsentRef>;
  readonly #patientOf: (ref: ConsentRef) => string | undefined;
  #selection: CohortSelection | undefined;
  /** Something became less: this selection is not used any more, even if it became more again. */
  #less = false;

  /** @param patientOf looked up at the first need: after a restart, whether a cohort still stands is asked more often */
  constructor(
    decision: KeptDecision,
    members: Iterable<ConsentRef>,
    patientOf: (ref: ConsentRef) => string | undefined,
  ) {
    this.decision = decision;
    this.#members = new Set(members);
    this.#patientOf = patientOf;
  }

  /** Patients whose record was erased since are not in it: their cohort does not stand any more. */
  get selection(): CohortSelection {
    this.#selection ??= {
      patientsDigest: digestOf(this.#members),
      patients: new Set([...this.#members].flatMap((ref) => this.#patientOf(ref) ?? [])),
      commitment: this.decision.commitment,
    };
    return this.#selection;
  }

  /** Of these records, the ones that are members. */
  membersAmong(refs: readonly ConsentRef[]): ConsentRef[] {
    return refs.filter((ref) => this.#members.has(ref));
  }

  members(): Iterable<ConsentRef> {
    return this.#members;
  }

  end(): void {
    this.#less = true;
  }

  holds(now: number): boolean {
    return !this.#less && now < (this.decision.allowedUntil ?? Number.POSITIVE_INFINITY);
  }
}

/** Of the records alone, in their own order: refs are random, so it tells nothing of the patients. */
function digestOf(members: Iterable<ConsentRef>): Digest {
  const hash = createHash('sha256');
  for (const ref of [...members].sort()) hash.update(ref, 'hex');
  return hash.digest('hex') as Digest;
}
