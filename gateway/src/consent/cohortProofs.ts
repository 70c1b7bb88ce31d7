/** Proof that a patient was in a round's cohort, or was not, and all that an auditor opens a cohort with. */
import {
  type CohortCommitment,
  type CohortProof,
  CohortTree,
  type ConsentContent,
  type ConsentEventInput,
  type ConsentRef,
  type ConsentSalt,
  cohortPosition,
  consentSubject,
  type Digest,
  type Msp,
  refusal,
  type StudyId,
} from '@consilium/domain';
import type { CohortDecisions, KeptDecision } from './cohortDecisions.js';
import { type ConsentEvents, inputOf, type KeptEvent } from './consentEvents.js';
import { COHORT_TREES_CACHED_MAX } from './consentLimits.js';
import type { Who } from './consentTypes.js';
import { nodeSha256 } from './nodeSha256.js';
import type { PatientHistory } from './patientHistory.js';
import type { PatientRecord, PatientRecords } from './patientRecords.js';

/** One event, with what opens its commitment. */
export type OpenedEvent = Readonly<{
  input: ConsentEventInput;
  content: ConsentContent;
  /** The batch whose root stands for it, where events stay at home. */
  batch: number | null;
}>;

export type CohortEvidence = Readonly<{
  study: StudyId;
  round: number;
  msp: Msp;
  selectedAt: number;
  commitment: CohortCommitment;
  /** Whether this hospital's join of the round stands on the channel with this root. */
  joined: boolean;
  ref: ConsentRef;
  salt: ConsentSalt;
  subject: Digest;
  position: Digest;
  presence: 'present' | 'absent';
  proof: CohortProof;
  /** Events whose commitments the same salt opens; empty: silence permits, and no event binds the patient. */
  events: readonly OpenedEvent[];
}>;

export type CohortMember = Readonly<{
  ref: ConsentRef;
  salt: ConsentSalt;
  /** Only where it was asked for: the hospital's own number. */
  patient: string | null;
  events: readonly OpenedEvent[];
}>;
export type CohortOpening = Readonly<{
  study: StudyId;
  round: number;
  msp: Msp;
  selectedAt: number;
  commitment: CohortCommitment;
  joined: boolean;
  /** All leaves, sorted: those of erased members too. */
  positions: readonly Digest[];
  members: readonly CohortMember[];
  /** Members whose record was erased since: nothing opens their leaves any more. */
  erased: readonly ConsentRef[];
}>;

type Parts = Readonly<{
  msp: Msp;
  records: PatientRecords;
  events: ConsentEvents;
  decisions: CohortDecisions;
  history: PatientHistory;
}>;

const POSITION_BYTES = 32;

export class CohortProofs {
  readonly #parts: Parts;
  readonly #trees = new Map<number, CohortTree>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws ConsiliumError CONSENT_COHORT_UNKNOWN, CONSENT_PATIENT_UNKNOWN, CONSENT_RECORD_UNKNOWN */
  prove(who: Who, study: StudyId, round: number): CohortEvidence {
    const decision = this.#decision(study, round);
    const tree = this.#tree(decision);
    const record = this.#recordIn(who, tree, study, round);
    const position = cohortPosition(record.salt, record.ref, study, round);
    const proof = tree.prove(position);
    return {
      ...this.#cohort(decision),
      ref: record.ref,
      salt: record.salt,
      subject: consentSubject(record.salt, record.patient),
      position,
      presence: tree.has(position) ? 'present' : 'absent',
      proof,
      events: this.#opened(record),
    };
  }

  /** @throws ConsiliumError CONSENT_COHORT_UNKNOWN */
  open(study: StudyId, round: number, { withPatients = false } = {}): CohortOpening {
    const { decisions, records } = this.#parts;
    const decision = this.#decision(study, round);
    const refs = decisions.allowed(decision).refs();
    const members = refs.flatMap((ref): CohortMember[] => {
      const record = records.byRef(ref);
      if (!record) return [];
      const { salt, patient } = record;
      return [{ ref, salt, patient: withPatients ? patient : null, events: this.#opened(record) }];
    });
    const positions = positionsOf(decisions.positions(decision));
    const opened = new Set(members.map(({ ref }) => ref));
    return { ...this.#cohort(decision), positions, members, erased: refs.filter((ref) => !opened.has(ref)) };
  }

  forget(): void {
    this.#trees.clear();
  }

  #decision(study: StudyId, round: number): KeptDecision {
    const decision = this.#parts.decisions.inForce(study, round);
    if (!decision) throw refusal('CONSENT_COHORT_UNKNOWN', { round, study });
    return decision;
  }

  #cohort({ study, round, at: selectedAt, commitment }: KeptDecision) {
    const { msp, decisions } = this.#parts;
    const joined = decisions.joinedRoot(study, round) === commitment.root;
    return { study, round, msp, selectedAt, commitment, joined };
  }

  /** Of a patient with several records, the one in the cohort, else the newest. */
  #recordIn(who: Who, tree: CohortTree, study: StudyId, round: number): PatientRecord {
    const { records, history } = this.#parts;
    const newest = history.record(who);
    if (!('patient' in who)) return newest;
    const all = records.refsOf(who.patient).flatMap((ref) => records.byRef(ref) ?? []);
    return all.find(({ salt, ref }) => tree.has(cohortPosition(salt, ref, study, round))) ?? newest;
  }

  #opened(record: PatientRecord): OpenedEvent[] {
    const kept: readonly KeptEvent[] = this.#parts.events.of(record).filter(({ state }) => state !== 'refused');
    return kept.map((event) => ({ input: inputOf(event), content: event.content, batch: event.batch }));
  }

  #tree(decision: KeptDecision): CohortTree {
    const known = this.#trees.get(decision.id);
    if (known) return known;
    const tree = CohortTree.of(positionsOf(this.#parts.decisions.positions(decision)), nodeSha256);
    this.#trees.set(decision.id, tree);
    if (this.#trees.size > COHORT_TREES_CACHED_MAX) this.#trees.delete(this.#trees.keys().next().value as number);
    return tree;
  }
}

function positionsOf(bytes: Buffer): Digest[] {
  const hex = bytes.toString('hex');
  const digits = POSITION_BYTES * 2;
  return Array.from(
    { length: bytes.length / POSITION_BYTES },
    (_, k) => hex.slice(k * digits, (k + 1) * digits) as Digest,
  );
}
