/** A record's history as evidence: every event with who, why, under which policy, and where it stands. */
import type { HistoryEvent } from '@consilium/client/resources';
import { type ConsentContent, ConsentEvent, type ConsentRef, ledgerKey, type Msp } from '@consilium/domain';
import type { EventKept, WritePlace } from './consentOffice.js';
import type { ConsentRoom } from './consentRoom.js';
import { changesOf, policyResource } from './policyResources.js';

/** What two events of a record are compared by. */
const FIELDS = [
  'kind',
  'terms',
  'dataClasses',
  'policyVersion',
  'validFrom',
  'validTo',
] as const satisfies readonly (keyof ConsentContent)[];

/** By `seq`; an event that the channel refused is shown, and nothing is compared with it. */
export function historyOf(room: ConsentRoom, ref: ConsentRef): HistoryEvent[] {
  let before: EventKept | undefined;
  return room.office.history({ ref }).map((event) => {
    const shown = historyEvent(room, event, before);
    if (event.state !== 'refused') before = event;
    return shown;
  });
}

/** @param before the event that it follows; undefined: the first, or not compared */
export function historyEvent(room: ConsentRoom, event: EventKept, before?: EventKept | undefined): HistoryEvent {
  const { records, msp } = room;
  const { ref, seq, kind, content, input, recordedBy, recordedHereAt, ledger, restricts, state } = event;
  const policy = policyResource(records, msp, content.policyVersion);
  const signed = ledger && records.get(ConsentEvent, ledgerKey.consent(msp, ref, seq));
  return {
    ...{ ref, seq, kind, reason: input.reason, meaning: input.meaning },
    actor: { name: recordedBy.name, role: recordedBy.role, ledgerId: signed?.recordedBy.id ?? null },
    basis: policy?.legalBasis ?? null,
    policy: policy
      ? { version: policy.version, title: policy.title, textHash: policy.textHash, changes: policy.changes }
      : null,
    ...{ terms: content.terms, dataClasses: content.dataClasses },
    ...{ validFrom: content.validFrom, validTo: content.validTo, effectiveFrom: content.effectiveFrom },
    ...{ evidence: content.evidence, note: event.note },
    changes: before ? changesOf<ConsentContent>(FIELDS, before.content, content) : [],
    ...{ commitment: input.commitment, restricts, claimedAt: recordedHereAt },
    // What allows less acts at once; what allows more, once it stands on the channel.
    effectiveHereAt: restricts ? recordedHereAt : (ledger?.recordedAt ?? null),
    ...{ state, refusedWith: event.refusedWith, ledger: placed(room, msp, event), batch: event.batch },
  };
}

/** The event's place on the channel, with its position in the block; of a batch's root, position 0. */
export function placed(
  { readings }: Pick<ConsentRoom, 'readings'>,
  msp: Msp,
  { ref, seq, ledger }: Pick<EventKept, 'ref' | 'seq' | 'ledger'>,
): HistoryEvent['ledger'] {
  if (!ledger) return null;
  const place: WritePlace | undefined = readings.placeOf(msp, ref, seq);
  return { ...ledger, position: place?.position ?? 0 };
}
