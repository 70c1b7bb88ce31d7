/** This hospital's own policies, holds, tombstones and permits, as the channel has them. */
import {
  type ConsentEvent,
  ConsentPolicy,
  ConsentPolicyHead,
  type ConsentRef,
  DataPermit,
  type Digest,
  type LegalHold,
  ledgerKey,
  type Msp,
  RestrictionEpoch,
  type StudyId,
} from '@consilium/domain';
import type { ConsentLedger } from './consentPorts.js';
import type { PolicyBook } from './eventPlan.js';

export class HospitalPolicies implements PolicyBook {
  readonly #ledger: ConsentLedger;
  readonly #msp: Msp;
  /** Parsed once: what stands on the channel never changes. */
  readonly #parsed = new Map<number, ConsentPolicy>();

  constructor(ledger: ConsentLedger, msp: Msp) {
    this.#ledger = ledger;
    this.#msp = msp;
  }

  get newest(): ConsentPolicy | undefined {
    const head = this.#ledger.get(ledgerKey.policyHead(this.#msp));
    return head === undefined ? undefined : this.of(ConsentPolicyHead.parse(head).versions);
  }

  of(version: number): ConsentPolicy | undefined {
    const known = this.#parsed.get(version);
    if (known) return known;
    const value = this.#ledger.get(ledgerKey.policy(this.#msp, version));
    if (value === undefined) return undefined;
    const policy = ConsentPolicy.parse(value);
    this.#parsed.set(version, policy);
    return policy;
  }

  /** Whether a later version allows less than this one. */
  restrictedSince(version: number): boolean {
    const newest = this.newest?.version ?? version;
    for (let later = version + 1; later <= newest; later += 1) if (this.of(later)?.restricts) return true;
    return false;
  }

  /** A hospital that never restricted anything is at 0. */
  epoch(): number {
    const value = this.#ledger.get(ledgerKey.epoch(this.#msp));
    return value === undefined ? 0 : RestrictionEpoch.parse(value).epoch;
  }

  permit(study: StudyId): DataPermit | undefined {
    const value = this.#ledger.get(ledgerKey.permit(study, this.#msp));
    return value === undefined ? undefined : DataPermit.parse(value);
  }

  hold(ref: ConsentRef): LegalHold | undefined {
    return this.#ledger.get(ledgerKey.hold(this.#msp, ref)) as LegalHold | undefined;
  }

  isErased(ref: ConsentRef): boolean {
    return this.#ledger.recordOf(ledgerKey.tombstone(this.#msp, ref)) !== undefined;
  }

  /** Whether any version ever asked for private copies. */
  askedForCopies(): boolean {
    const newest = this.newest?.version ?? 0;
    for (let version = 1; version <= newest; version += 1) if (this.of(version)?.privateCopy) return true;
    return false;
  }

  /** What the channel's event of this number commits to; undefined: it holds none. */
  commitmentOf(ref: ConsentRef, seq: number): Digest | undefined {
    const event = this.#ledger.get(ledgerKey.consent(this.#msp, ref, seq)) as ConsentEvent | undefined;
    return event?.commitment;
  }

  /** Whether the channel holds an event of this number. */
  hasEvent(ref: ConsentRef, seq: number): boolean {
    return this.#ledger.recordOf(ledgerKey.consent(this.#msp, ref, seq)) !== undefined;
  }
}
