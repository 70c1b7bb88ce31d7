/** The consent desk of one gateway process, over the hospital's store and the mirror of the channel. */
import {
  type ConsentPolicyHead,
  type Join,
  keyRange,
  ledgerKey,
  refusal,
  type WithdrawalReport,
} from '@consilium/domain';
import type { ChannelState, Clock, ConsentDesk } from '../../gateway/src/agent/ports.js';
import { type ConsentRecords, epochOf } from './consentRecords.js';
import type { Incarnation } from './incarnation.js';
import type { Random } from './random.js';
import { STUDY } from './studyName.js';

/** Looking up consents takes a while: meanwhile patients may withdraw. */
const SELECT_MS_MAX = 20;

export class SimulatedConsentDesk implements ConsentDesk {
  readonly #records: ConsentRecords;
  readonly #state: ChannelState;
  readonly #clock: Clock;
  readonly #process: Incarnation;
  readonly #random: Random;
  readonly #listeners = new Set<() => void>();

  constructor(records: ConsentRecords, state: ChannelState, clock: Clock, process: Incarnation, random: Random) {
    this.#records = records;
    this.#state = state;
    this.#clock = clock;
    this.#process = process;
    this.#random = random;
    let epoch = epochOf(state, records.msp);
    state.onChange(() => {
      const now = epochOf(state, records.msp);
      if (now !== epoch) this.restricted();
      epoch = now;
    });
  }

  /** Something became less. */
  restricted(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  async select({ study, protocol, round, patients }: Parameters<ConsentDesk['select']>[0]) {
    await this.#process.delay(this.#random.between(0, SELECT_MS_MAX));
    const { msp } = this.#records;
    const policyVersion = (this.#state.get(ledgerKey.policyHead(msp)) as ConsentPolicyHead | undefined)?.versions;
    if (policyVersion === undefined) throw refusal('CONSENT_POLICY_UNKNOWN', { msp, version: 1 });
    const allowed = patients.filter((patient) => this.#mayUse(patient));
    if (allowed.length === 0) throw refusal('CONSENT_COHORT_EMPTY', { study });
    const restrictionEpoch = epochOf(this.#state, msp);
    return this.#records.keep(round, allowed, { restrictionEpoch, policyVersion, purposes: protocol.purposes });
  }

  selection(_study: string, round: number) {
    return this.#records.kept.get(round);
  }

  isStillAllowed(_study: string, round: number): boolean {
    const selection = this.#records.kept.get(round);
    return selection !== undefined && [...selection.patients].every((patient) => this.#mayUse(patient));
  }

  allowedUntil(_study: string, round: number): number | undefined {
    return this.#records.validUntil(this.#records.kept.get(round)?.patients ?? [], this.#clock.now());
  }

  async allowedNow({ patients }: Parameters<ConsentDesk['allowedNow']>[0]): Promise<ReadonlySet<string>> {
    return new Set(patients.filter((patient) => this.#mayUse(patient)));
  }

  /** Rounds whose committed cohorts held patients that may not be used any more, and that no report covers. */
  unreportedWithdrawals() {
    const { msp, kept } = this.#records;
    const { start, end } = keyRange('withdrawal', STUDY, msp);
    const reports = this.#state.range(start, end).map(({ value }) => value as WithdrawalReport);
    const rounds = [...kept].flatMap(([round, { patients, commitment }]) => {
      const isReported = reports.some(({ fromRound, toRound }) => fromRound <= round && round <= toRound);
      if (isReported || [...patients].every((patient) => this.#mayUse(patient))) return [];
      const join = this.#state.get(ledgerKey.join(STUDY, round, msp)) as Join | undefined;
      return join?.cohort?.root === commitment.root ? [round] : [];
    });
    return rounds.length === 0 ? undefined : { fromRound: Math.min(...rounds), toRound: Math.max(...rounds) };
  }

  onRestriction(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #mayUse(patient: string): boolean {
    return this.#records.mayUse(patient, this.#state, this.#clock.now());
  }
}
