/** What recording of consents is answered with. */
import type { RecordedEventResource, WithdrawnResource } from '@consilium/client/resources';
import type { Request } from 'express';
import { placed } from './consentHistory.js';
import type { EventRecorded } from './consentOffice.js';
import type { ConsentRoom } from './consentRoom.js';
import { waitingMs } from './submission.js';

/** Waits for the channel as long as the caller asks, and tells where each event stands then. */
export async function whereTheyStand(
  request: Request,
  room: ConsentRoom,
  events: readonly EventRecorded[],
): Promise<RecordedEventResource[]> {
  const waitMs = waitingMs(request);
  if (waitMs > 0) await sentWithin(room, events, waitMs);
  return events.map((event) => standing(room, event));
}

async function sentWithin({ office }: ConsentRoom, events: readonly EventRecorded[], waitMs: number): Promise<void> {
  const enough = AbortSignal.timeout(waitMs);
  try {
    await Promise.all(events.map(({ ref, seq }) => office.whenSettled(ref, seq, enough)));
  } catch (error) {
    if (!enough.aborted) throw error;
  }
}

function standing(room: ConsentRoom, { ref, seq, kind, state, effectiveHereAt }: EventRecorded): RecordedEventResource {
  const kept = room.office.history({ ref }).find((event) => event.seq === seq && event.state !== 'refused');
  const ledger = kept ? placed(room, room.msp, kept) : null;
  return {
    ...{ ref, seq, kind },
    state: kept?.state ?? (state === 'committed' ? 'committed' : 'refused'),
    effectiveHereAt: effectiveHereAt ?? ledger?.recordedAt ?? null,
    ledger,
  };
}

/** Both times of a withdrawal in one sentence. */
export function withdrawn(event: RecordedEventResource): WithdrawnResource {
  const { effectiveHereAt, ledger, state } = event;
  const here = effectiveHereAt === null ? 'not effective here' : `effective here at ${text(effectiveHereAt)}`;
  const there = ledger
    ? `block ${ledger.block}, at ${text(ledger.recordedAt)}`
    : state === 'refused'
      ? 'refused'
      : 'pending';
  return { ...event, told: `${here}, on the ledger: ${there}` };
}

function text(at: number): string {
  return new Date(at).toISOString();
}
