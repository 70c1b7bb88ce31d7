/** Gathers events that stay at home into batches, and sends the batches' roots, one after the other. */
import type { ConsentRef } from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import type { ConsentEvents } from './consentEvents.js';
import type { ConsentSender } from './consentPorts.js';
import type { Sending } from './eventSending.js';
import type { Outbox } from './outbox.js';
import type { PatientRecords } from './patientRecords.js';
import type { PrivateCopies } from './privateCopies.js';
import type { KeptBatch, RootBatches } from './rootBatches.js';
import { codeOf } from './sendFailure.js';

export type RootSendingParts = Readonly<{
  database: Database;
  records: PatientRecords;
  events: ConsentEvents;
  outbox: Outbox;
  batches: RootBatches;
  copies: PrivateCopies;
  sender: ConsentSender;
}>;

export class RootSending {
  readonly #parts: RootSendingParts;

  constructor(parts: RootSendingParts) {
    this.#parts = parts;
  }

  /** The batch that was made and is not on the channel yet. */
  waiting(): KeptBatch | undefined {
    return this.#parts.batches.waiting();
  }

  /** Makes a batch of the first events, durably, so that it is the same one however often it is sent. */
  make(sending: readonly Sending[], person: string): KeptBatch | undefined {
    const { database, batches, events, outbox, sender } = this.#parts;
    const [first] = sending;
    if (!first) return undefined;
    const { policyVersion } = first.input;
    const members = underOnePolicy(sending, policyVersion);
    return inTransaction(database, () => {
      const made = batches.make(
        members.map(({ row, input }) => ({ event: row.event, input })),
        policyVersion,
        members.some(({ event }) => event.restricts),
        // Roots are signed by data stewards alone.
        sender.steward ?? person,
      );
      for (const { row } of members) events.setBatch(row.event, made.number);
      outbox.removeAll(members.map(({ row }) => row.event));
      return made;
    });
  }

  /**
   * @returns the records whose events are committed with it
   * @throws ConsiliumError of the channel
   */
  async send(batch: KeptBatch, signal: () => AbortSignal): Promise<readonly ConsentRef[]> {
    const { database, batches, copies, sender, records, events } = this.#parts;
    const { number, root, count, policyVersion, restricts, person } = batch;
    const refs = batches.refsOf(number);
    if (copies.wanted(policyVersion)) {
      const copied = refs.flatMap((ref) => records.byRef(ref) ?? []);
      await copies.keep(copied, signal());
    }
    const command = { batch: number, root, count, policyVersion, restricts };
    try {
      await sender.send(person, 'ConsentContract:recordConsentRoot', command, signal());
    } catch (error) {
      if (codeOf(error) === 'CONSENT_BATCH_NOT_NEXT') inTransaction(database, () => batches.renumber(number));
      throw error;
    }
    inTransaction(database, () => {
      events.commit(batches.eventsOf(number));
      batches.commit(number);
      for (const ref of refs) this.#allowAgain(ref);
    });
    return refs;
  }

  #allowAgain(ref: ConsentRef): void {
    const { records, events } = this.#parts;
    const record = records.byRef(ref);
    const kind = record?.barred ? events.last(record)?.content.kind : undefined;
    if (record && kind) records.allowAgain(record, kind);
  }
}

/** Of a record, nothing goes before what was recorded before it, under whichever policy. */
function underOnePolicy(sending: readonly Sending[], policyVersion: number): Sending[] {
  const held = new Set<ConsentRef>();
  return sending.filter(({ row, input }) => {
    if (held.has(row.ref)) return false;
    if (input.policyVersion === policyVersion) return true;
    held.add(row.ref);
    return false;
  });
}
