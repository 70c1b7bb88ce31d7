/**
 * Copies of records in the hospital's own private collection, where its policy asks for them: kept before the public event
 * that refers to them. Each is sealed with the record's own key, so that it is unreadable once that key is destroyed.
 */
import { type ConsentRef, PRIVATE_OPENING_CHARACTERS_MAX } from '@consilium/domain';
import type { Log } from '../agent/ports.js';
import type { ConsentEvents } from './consentEvents.js';
import type { ConsentSender } from './consentPorts.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import type { PatientRecord } from './patientRecords.js';
import { seal } from './sealing.js';
import { codeOf, sendFailureOf } from './sendFailure.js';

/** Openings of one transaction. */
const OPENINGS_MAX = 100;

export class PrivateCopies {
  readonly #events: ConsentEvents;
  readonly #policies: HospitalPolicies;
  readonly #sender: ConsentSender;
  readonly #log: Log;

  constructor(parts: Readonly<{ events: ConsentEvents; policies: HospitalPolicies; sender: ConsentSender; log: Log }>) {
    this.#events = parts.events;
    this.#policies = parts.policies;
    this.#sender = parts.sender;
    this.#log = parts.log;
  }

  /** Whether the policy asks for private copies. */
  wanted(policyVersion: number): boolean {
    return this.#policies.of(policyVersion)?.privateCopy ?? false;
  }

  /** @throws ConsiliumError of the channel, where it is away: then the event waits too */
  async keep(records: readonly PatientRecord[], signal: AbortSignal): Promise<void> {
    const openings = new Map<ConsentRef, string>();
    for (const record of records) {
      const opening = this.#opening(record);
      if (opening !== undefined) openings.set(record.ref, opening);
    }
    const entries = [...openings];
    for (let k = 0; k < entries.length; k += OPENINGS_MAX)
      await this.#keep(new Map(entries.slice(k, k + OPENINGS_MAX)), signal);
  }

  /** A copy that is refused holds no event back: what ends a consent must reach the channel. */
  async #keep(openings: ReadonlyMap<ConsentRef, string>, signal: AbortSignal): Promise<void> {
    try {
      await this.#sender.keepPrivate(openings, signal);
    } catch (error) {
      const failure = sendFailureOf(error);
      if (failure !== 'refused' && failure !== 'person') throw error;
      this.#log.warn({ code: codeOf(error), records: openings.size }, 'private copies were refused');
    }
  }

  /** All that the record says until now; of one that outgrew a copy, what its latest events say. */
  #opening(record: PatientRecord): string | undefined {
    const kept = this.#events.of(record).filter(({ state }) => state !== 'refused');
    if (!this.wanted(kept.at(-1)?.content.policyVersion ?? 0)) return undefined;
    for (let first = 0; first < kept.length; first += 1) {
      const events = kept.slice(first).map(({ content, commitment, narrows, meaning, reason, restricts, at }) => ({
        content,
        commitment,
        narrows,
        meaning,
        reason,
        restricts,
        at,
      }));
      const plain = JSON.stringify({ schemaVersion: 1, ref: record.ref, salt: record.salt, events });
      const sealed = seal(record.key, { table: 'opening', key: record.ref }, plain).toString('base64');
      if (sealed.length <= PRIVATE_OPENING_CHARACTERS_MAX) return sealed;
    }
    this.#log.warn({ ref: record.ref }, 'the last event of a record is too long for a private copy');
    return undefined;
  }
}
