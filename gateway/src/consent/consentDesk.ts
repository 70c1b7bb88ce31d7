/** The desk that the agent asks: who may be used, whether they still may, and what came to less. */
import { type ConsentRef, refusal, type StudyId } from '@consilium/domain';
import type { Clock, CohortSelection, ConsentDesk } from '../agent/ports.js';
import type { CohortDecisions } from './cohortDecisions.js';
import type { CohortSelector, SelectionAsked } from './cohortSelector.js';
import { CohortWatch } from './cohortWatch.js';
import type { ConsentEvents } from './consentEvents.js';
import type { Erasures } from './erasures.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import { judge } from './judgement.js';
import type { Restricted, Restrictions } from './restrictions.js';
import type { Standings } from './standings.js';
import type { TouchedRounds } from './touchedRounds.js';

/** Selections that are watched in memory; others are read anew where they are asked for. */
const WATCHES_MAX = 16;

export type DeskParts = Readonly<{
  selector: CohortSelector;
  decisions: CohortDecisions;
  events: ConsentEvents;
  standings: Standings;
  policies: HospitalPolicies;
  restrictions: Restrictions;
  erasures: Pick<Erasures, 'refs'>;
  touched: TouchedRounds;
  clock: Clock;
}>;

export class StoreDesk implements ConsentDesk {
  readonly #parts: DeskParts;
  readonly #watches = new Map<string, CohortWatch>();
  readonly #listeners = new Set<() => void>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
    parts.restrictions.on((restricted) => this.#restricted(restricted));
  }

  async select(asked: SelectionAsked, signal?: AbortSignal): Promise<CohortSelection> {
    let watch: CohortWatch | undefined;
    await this.#parts.selector.select(
      asked,
      ({ decision, members }) => {
        watch = this.#watch(new CohortWatch(decision, members.keys(), (ref) => members.get(ref)));
      },
      signal,
    );
    if (!watch) throw refusal('CONSENT_COHORT_UNKNOWN', { round: asked.round, study: asked.study });
    return watch.selection;
  }

  selection(study: StudyId, round: number): CohortSelection | undefined {
    return this.#of(study, round)?.selection;
  }

  isStillAllowed(study: StudyId, round: number): boolean {
    return this.#of(study, round)?.holds(this.#parts.clock.now()) ?? false;
  }

  allowedUntil(study: StudyId, round: number): number | undefined {
    return this.#of(study, round)?.decision.allowedUntil ?? undefined;
  }

  allowedNow(asked: Omit<SelectionAsked, 'round'>): Promise<ReadonlySet<string>> {
    return this.#parts.selector.allowedNow(asked);
  }

  unreportedWithdrawals(study: StudyId): Readonly<{ fromRound: number; toRound: number }> | undefined {
    return this.#parts.touched.unreported(study);
  }

  onRestriction(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Selections are read anew: the store was restored. None of those in hand is used any more. */
  forget(): void {
    for (const watch of this.#watches.values()) watch.end();
    this.#watches.clear();
  }

  #of(study: StudyId, round: number): CohortWatch | undefined {
    const { decisions } = this.#parts;
    const known = this.#watches.get(`${study} ${round}`);
    const joined = decisions.joinedRoot(study, round);
    if (known && (joined === undefined || joined === known.decision.commitment.root)) return known;
    const decision = decisions.inForce(study, round);
    if (!decision) return undefined;
    if (known?.decision.id === decision.id) return known;
    const { standings } = this.#parts;
    const patientOf = (ref: ConsentRef) => standings.ofRef(ref)?.patient;
    const watch = new CohortWatch(decision, decisions.allowed(decision).refs(), patientOf);
    this.#catchUp(watch);
    return this.#watch(watch);
  }

  /** What happened since the selection was made, while this process did not look. */
  #catchUp(watch: CohortWatch): void {
    const { events, erasures, policies } = this.#parts;
    const { lastEvent, commitment } = watch.decision;
    if (policies.restrictedSince(commitment.policyVersion)) {
      watch.end();
      return;
    }
    // The channel restricted something that need not be among the store's own events.
    const foreign = policies.epoch() !== commitment.restrictionEpoch;
    const changed = foreign ? [...watch.members()] : [...events.restrictedSince(lastEvent), ...erasures.refs()];
    this.#look(watch, watch.membersAmong(changed));
  }

  #watch(watch: CohortWatch): CohortWatch {
    const { study, round } = watch.decision;
    const key = `${study} ${round}`;
    this.#watches.delete(key);
    this.#watches.set(key, watch);
    if (this.#watches.size > WATCHES_MAX) this.#watches.delete(this.#watches.keys().next().value as string);
    return watch;
  }

  #restricted(restricted: Restricted): void {
    for (const watch of this.#watches.values())
      if (restricted) this.#look(watch, watch.membersAmong(restricted));
      else this.#lookAtAll(watch);
    for (const listener of [...this.#listeners]) listener();
  }

  #lookAtAll(watch: CohortWatch): void {
    if (this.#parts.policies.restrictedSince(watch.decision.commitment.policyVersion)) watch.end();
    else this.#look(watch, [...watch.members()]);
  }

  /** A cohort that one of its patients may not be in any more is not used any more. */
  #look(watch: CohortWatch, refs: readonly ConsentRef[]): void {
    if (refs.length === 0) return;
    const { decisions, policies, standings, clock } = this.#parts;
    const { study, commitment } = watch.decision;
    const policy = policies.of(commitment.policyVersion);
    if (!policy) {
      watch.end();
      return;
    }
    const protocol = decisions.protocolOf(watch.decision);
    const policyOf = (version: number) => policies.of(version);
    const question = { policy, policyOf, protocol, permit: policies.permit(study), at: clock.now() };
    for (const ref of refs) {
      const standing = standings.ofRef(ref);
      if (standing && judge(standing, question).answer === 'allow') continue;
      watch.end();
      return;
    }
  }
}
