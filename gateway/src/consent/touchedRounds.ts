/** What a withdrawal cannot undo: the rounds whose cohorts held the patient, and the versions that they made. */
import { type ConsentRef, keyRange, ledgerKey, type Msp, type StudyId, WithdrawalReport } from '@consilium/domain';
import type { Clock } from '../agent/ports.js';
import type { CohortDecisions, KeptDecision } from './cohortDecisions.js';
import type { ConsentEvents } from './consentEvents.js';
import type { ConsentLedger } from './consentPorts.js';
import type { CohortUse, Touched } from './consentTypes.js';
import type { Erasures } from './erasures.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import { judge } from './judgement.js';
import type { Standings } from './standings.js';

export type TouchedParts = Readonly<{
  msp: Msp;
  ledger: ConsentLedger;
  decisions: CohortDecisions;
  events: ConsentEvents;
  standings: Standings;
  policies: HospitalPolicies;
  erasures: Pick<Erasures, 'all'>;
  clock: Clock;
}>;

/** Someone who was in rounds from one to another, and may not be used since. */
type Gone = Readonly<{ at: number; fromRound: number; toRound: number }>;

export class TouchedRounds {
  readonly #parts: TouchedParts;
  /** Refs of a joined cohort, by decision. */
  readonly #cohorts = new Map<number, ReadonlySet<ConsentRef>>();
  readonly #gone = new Map<StudyId, { key: string; gone: readonly Gone[] }>();

  constructor(parts: TouchedParts) {
    this.#parts = parts;
  }

  /** Every selection that took the record in, joined with or not. */
  usesOf(ref: ConsentRef): CohortUse[] {
    const { decisions } = this.#parts;
    const took = (decision: KeptDecision) => decisions.decisionOf(decision, ref)?.answer === 'allow';
    return decisions.all().flatMap((decision) => (took(decision) ? [this.#use(decision)] : []));
  }

  usesOfPolicy(version: number): CohortUse[] {
    const { decisions } = this.#parts;
    const under = decisions.all().filter(({ commitment }) => commitment.policyVersion === version);
    return under.map((decision) => this.#use(decision));
  }

  /** By study: the rounds that were joined with the record, and the versions on the channel that came of them. */
  touchedBy(ref: ConsentRef): Touched[] {
    const { ledger } = this.#parts;
    const rounds = new Map<StudyId, Set<number>>();
    for (const { study, round, joined } of this.usesOf(ref))
      if (joined) rounds.set(study, (rounds.get(study) ?? new Set()).add(round));
    return [...rounds].map(([study, found]) => {
      const sorted = [...found].sort((a, b) => a - b);
      return {
        study,
        rounds: sorted,
        versions: sorted.filter((n) => ledger.get(ledgerKey.model(study, n)) !== undefined),
      };
    });
  }

  /** Rounds of a study with patients who may not be used any more, that no report of this hospital told since. */
  unreported(study: StudyId): Readonly<{ fromRound: number; toRound: number }> | undefined {
    const { start, end } = keyRange('withdrawal', study, this.#parts.msp);
    const gone = this.#goneOf(study);
    if (gone.length === 0) return undefined;
    const reports = this.#parts.ledger.range(start, end).map(({ value }) => WithdrawalReport.parse(value));
    const open = gone.filter(
      ({ at, fromRound, toRound }) =>
        !reports.some((report) => report.at >= at && report.fromRound <= fromRound && report.toRound >= toRound),
    );
    if (open.length === 0) return undefined;
    return {
      fromRound: open.reduce((least, { fromRound }) => Math.min(least, fromRound), Number.POSITIVE_INFINITY),
      toRound: open.reduce((most, { toRound }) => Math.max(most, toRound), 0),
    };
  }

  /** Looked up again only where a round was joined, or something became less, since the last time. */
  #goneOf(study: StudyId): readonly Gone[] {
    const { decisions, events, erasures } = this.#parts;
    const joined = decisions.rounds(study).flatMap((round) => {
      const root = decisions.joinedRoot(study, round);
      const decision = root === undefined ? undefined : decisions.inForce(study, round);
      return decision && decision.commitment.root === root ? [decision] : [];
    });
    const key = `${joined.map(({ id }) => id).join()} ${events.lastRestricting()} ${erasures.all().length}`;
    const known = this.#gone.get(study);
    if (known?.key === key) return known.gone;
    const gone = joined.length === 0 ? [] : this.#findGone(study, joined);
    this.#gone.set(study, { key, gone });
    return gone;
  }

  #findGone(study: StudyId, joined: readonly KeptDecision[]): Gone[] {
    const { events, erasures } = this.#parts;
    const since = new Map<ConsentRef, number>(events.restrictedAt().map(({ ref, at }) => [ref, at]));
    for (const { ref, askedAt } of erasures.all()) since.set(ref, askedAt);
    return [...since].flatMap(([ref, at]) => {
      const rounds = joined.filter((decision) => this.#cohort(decision).has(ref)).map(({ round }) => round);
      const [fromRound, toRound] = [rounds[0], rounds.at(-1)];
      if (fromRound === undefined || toRound === undefined) return [];
      return this.#mayBeUsed(study, ref, joined.at(-1) as KeptDecision) ? [] : [{ at, fromRound, toRound }];
    });
  }

  #mayBeUsed(study: StudyId, ref: ConsentRef, decision: KeptDecision): boolean {
    const { standings, policies, decisions, clock } = this.#parts;
    const standing = standings.ofRef(ref);
    const policy = policies.of(decision.commitment.policyVersion);
    if (!standing || !policy) return false;
    // A validity that came to its end was asked for so: what was made until then stands.
    if (standing.last?.content.kind === 'expire' && standing.barred === undefined) return true;
    const policyOf = (version: number) => policies.of(version);
    const protocol = decisions.protocolOf(decision);
    const question = { policy, policyOf, protocol, permit: policies.permit(study), at: clock.now() };
    return judge(standing, question).answer === 'allow';
  }

  #use(decision: KeptDecision): CohortUse {
    const { study, round, at: selectedAt, commitment } = decision;
    const { root, policyVersion, purposes } = commitment;
    const joined = this.#parts.decisions.joinedRoot(study, round) === root;
    return { study, round, selectedAt, root, policyVersion, purposes, joined };
  }

  #cohort(decision: KeptDecision): ReadonlySet<ConsentRef> {
    const known = this.#cohorts.get(decision.id);
    if (known) return known;
    const refs = new Set(this.#parts.decisions.allowed(decision).refs());
    this.#cohorts.set(decision.id, refs);
    if (this.#cohorts.size > COHORTS_CACHED_MAX) this.#cohorts.delete(this.#cohorts.keys().next().value as number);
    return refs;
  }
}

const COHORTS_CACHED_MAX = 8;
