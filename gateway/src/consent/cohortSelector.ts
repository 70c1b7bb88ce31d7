/** Selects the patients that a study may use now. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type CohortCommitment,
  CohortTree,
  type ConsentPolicy,
  type ConsentRef,
  cohortPosition,
  type Msp,
  matchPolicy,
  refusal,
  type StudyId,
  type StudyProtocol,
  sizeBucketOf,
} from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import type { Clock } from '../agent/ports.js';
import type { CohortDecisions, KeptDecision } from './cohortDecisions.js';
import type { ConsentEvents } from './consentEvents.js';
import { PATIENTS_PER_TURN_MAX, SELECTION_ATTEMPTS_MAX } from './consentLimits.js';
import type { DecisionAnswer, DecisionGroup, DecisionReason } from './consentTypes.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import { endsAt, judge, type Question } from './judgement.js';
import { nodeSha256 } from './nodeSha256.js';
import type { PatientRecords } from './patientRecords.js';
import type { Restrictions } from './restrictions.js';
import type { Standing } from './standing.js';
import type { Standings } from './standings.js';

export type SelectorParts = Readonly<{
  database: Database;
  msp: Msp;
  records: PatientRecords;
  events: ConsentEvents;
  standings: Standings;
  policies: HospitalPolicies;
  restrictions: Restrictions;
  decisions: CohortDecisions;
  clock: Clock;
}>;

export type SelectionAsked = Readonly<{
  study: StudyId;
  protocol: StudyProtocol;
  round: number;
  patients: readonly string[];
}>;

/** A selection in hand: its patients by ref. */
export type Selected = Readonly<{ decision: KeptDecision; members: ReadonlyMap<ConsentRef, string> }>;

type Judged = Readonly<{ standing: Standing | undefined; answer: DecisionAnswer; reasons: readonly DecisionReason[] }>;

export class CohortSelector {
  readonly #parts: SelectorParts;

  constructor(parts: SelectorParts) {
    this.#parts = parts;
  }

  /** What the hospital's policy and permit say of the study, whoever the patient is. */
  question(study: StudyId, protocol: StudyProtocol): Question {
    const { policies, msp, clock } = this.#parts;
    const policy = policies.newest;
    if (!policy) throw refusal('CONSENT_POLICY_UNKNOWN', { msp, version: 1 });
    requirePolicy(policy, msp, study, protocol);
    const permit = policies.permit(study);
    if (protocol.consent?.legalBasis === 'ehds-permit' && !permit) throw refusal('PERMIT_REQUIRED', { study, msp });
    return { policy, policyOf: (version) => policies.of(version), protocol, permit, at: clock.now() };
  }

  /** A withdrawal that comes while patients are judged has them judged again; at last in one go, so that none comes. */
  async select(asked: SelectionAsked, keep: (selected: Selected) => void, signal?: AbortSignal): Promise<void> {
    const { restrictions } = this.#parts;
    const patients = [...new Set(asked.patients)];
    await this.#parts.standings.expect(patients.length, signal);
    for (let attempt = 1; ; attempt += 1) {
      const before = restrictions.count;
      const inOneGo = attempt === SELECTION_ATTEMPTS_MAX;
      const question = this.question(asked.study, asked.protocol);
      const judged = await this.#judgeAll(patients, question, inOneGo, signal);
      if (restrictions.count === before && judged) return keep(this.#commit(asked, question, judged));
    }
  }

  async allowedNow(asked: Omit<SelectionAsked, 'round'>): Promise<ReadonlySet<string>> {
    const { restrictions, standings } = this.#parts;
    await standings.expect(asked.patients.length);
    for (let attempt = 1; ; attempt += 1) {
      const before = restrictions.count;
      const question = this.question(asked.study, asked.protocol);
      const judged = await this.#judgeAll(asked.patients, question, attempt === SELECTION_ATTEMPTS_MAX);
      if (restrictions.count !== before) continue;
      return new Set(asked.patients.filter((_, k) => judged[k]?.answer === 'allow'));
    }
  }

  async #judgeAll(
    patients: readonly string[],
    question: Question,
    inOneGo: boolean,
    signal?: AbortSignal,
  ): Promise<Judged[]> {
    const judged: Judged[] = [];
    for (let k = 0; k < patients.length; k += PATIENTS_PER_TURN_MAX) {
      if (k > 0 && !inOneGo) await nextTurn();
      signal?.throwIfAborted();
      const some = patients.slice(k, k + PATIENTS_PER_TURN_MAX);
      this.#recordSilent(some, question);
      for (const patient of some) {
        const standing = this.#parts.standings.of(patient);
        judged.push({ standing, ...judge(standing, question) });
      }
    }
    return judged;
  }

  /** Where silence permits, patients of whom nothing is on file are in the cohort too: by a record without events. */
  #recordSilent(patients: readonly string[], { policy, at }: Question): void {
    if (policy.silence !== 'permit') return;
    const { database, records, standings } = this.#parts;
    const unknown = patients.filter((patient) => !standings.of(patient));
    if (unknown.length === 0) return;
    inTransaction(database, () => {
      for (const patient of unknown) records.make(patient, policy.placement, at);
    });
  }

  #commit({ study, protocol, round }: SelectionAsked, question: Question, judged: readonly Judged[]): Selected {
    const { events, policies, decisions } = this.#parts;
    const allowed = judged.flatMap(({ standing, answer }) => (standing && answer === 'allow' ? [standing] : []));
    // Sorted as text, which is fast: the tree then finds them in order.
    const positions = allowed.map(({ salt, ref }) => cohortPosition(salt, ref, study, round, nodeSha256)).sort();
    const tree = CohortTree.of(positions, nodeSha256);
    const commitment: CohortCommitment = {
      root: tree.root,
      sizeBucket: sizeBucketOf(allowed.length),
      restrictionEpoch: policies.epoch(),
      policyVersion: question.policy.version,
      purposes: [...new Set(protocol.purposes)].sort(),
    };
    const ends = allowed.flatMap((standing) => endsAt(standing) ?? []);
    const decision = decisions.add({
      study,
      round,
      at: question.at,
      lastEvent: events.lastId(),
      commitment,
      groups: groupsOf(judged),
      withoutRecord: judged.filter(({ standing }) => !standing).length,
      positions: Buffer.from(positions.join(''), 'hex'),
      allowedUntil: ends.length > 0 ? ends.reduce((least, end) => Math.min(least, end)) : null,
      protocol,
    });
    if (allowed.length === 0) throw refusal('CONSENT_COHORT_EMPTY', { study });
    return { decision, members: new Map(allowed.map(({ ref, patient }) => [ref, patient])) };
  }
}

function requirePolicy(policy: ConsentPolicy, msp: Msp, study: StudyId, protocol: StudyProtocol): void {
  const { answer, reasons } = matchPolicy(policy, protocol);
  if (answer === 'allow') return;
  const reason = reasons.map(({ text }) => text).join('; ');
  throw refusal('CONSENT_POLICY_EXCLUDES', { version: policy.version, msp, what: `study ${study}`, reason });
}

/** Same answer, same reasons: one group; refs and groups in an order that does not depend on the patients'. */
function groupsOf(judged: readonly Judged[]): DecisionGroup[] {
  const groups = new Map<string, { answer: DecisionAnswer; reasons: readonly DecisionReason[]; refs: ConsentRef[] }>();
  for (const { standing, answer, reasons } of judged) {
    if (!standing) continue;
    const key = JSON.stringify([answer, reasons]);
    const group = groups.get(key) ?? { answer, reasons, refs: [] };
    group.refs.push(standing.ref);
    groups.set(key, group);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => ({ ...group, refs: group.refs.sort() }));
}
