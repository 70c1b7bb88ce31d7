/**
 * Copies of records in the hospital's own private collection, where its policy asks for them: kept before the public event
 * that refers to them. Each is sealed with the record's own key, so that it is unreadable once that key is destroyed.
 */
import {
  ConsentContent,
  ConsentReason,
  ConsentRef,
  ConsentSalt,
  Digest,
  Instant,
  PRIVATE_OPENING_CHARACTERS_MAX,
  Role,
  SignatureMeaning,
} from '@consilium/domain';
import { z } from 'zod';
import type { Log } from '../agent/ports.js';
import type { ConsentEvents } from './consentEvents.js';
import type { ConsentSender } from './consentPorts.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import type { PatientRecord } from './patientRecords.js';
import { type SealPlace, seal, unseal } from './sealing.js';
import { codeOf, sendFailureOf } from './sendFailure.js';

/** Openings of one transaction. */
const OPENINGS_MAX = 100;

/** What a copy says of a record: its events but for their notes and resources, which would not fit. */
const Opening = z.strictObject({
  schemaVersion: z.literal(1),
  ref: ConsentRef,
  salt: ConsentSalt,
  events: z.array(
    z.strictObject({
      content: ConsentContent,
      commitment: Digest,
      narrows: z.boolean(),
      meaning: SignatureMeaning,
      reason: ConsentReason,
      restricts: z.boolean(),
      at: Instant,
      by: z.strictObject({ name: z.string(), role: Role.nullable() }),
    }),
  ),
});
export type CopiedEvent = z.infer<typeof Opening>['events'][number];

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
      const events = kept.slice(first).map((event): CopiedEvent => {
        const { content, commitment, narrows, meaning, reason, restricts, at } = event;
        const { by } = this.#events.extra(record, event);
        return { content, commitment, narrows, meaning, reason, restricts, at, by };
      });
      const opening: z.infer<typeof Opening> = { schemaVersion: 1, ref: record.ref, salt: record.salt, events };
      const sealed = seal(record.key, placeOf(record.ref), JSON.stringify(opening)).toString('base64');
      if (sealed.length <= PRIVATE_OPENING_CHARACTERS_MAX) return sealed;
    }
    this.#log.warn({ ref: record.ref }, 'the last event of a record is too long for a private copy');
    return undefined;
  }
}

/**
 * What a copy of a record says, in the order of the events' numbers.
 * @returns undefined where it is no copy of this record, sealed with its key and of its salt
 */
export function openedCopy(record: PatientRecord, copy: string): readonly CopiedEvent[] | undefined {
  try {
    const plain = unseal(record.key, placeOf(record.ref), Buffer.from(copy, 'base64')).toString('utf8');
    const { ref, salt, events } = Opening.parse(JSON.parse(plain));
    return ref === record.ref && salt === record.salt ? events : undefined;
  } catch {
    return undefined;
  }
}

function placeOf(ref: ConsentRef): SealPlace {
  return { table: 'opening', key: ref };
}
