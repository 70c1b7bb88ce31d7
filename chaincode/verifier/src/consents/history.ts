/** Everything about one record: what the majority answered, and what its hospital shows of events kept at home. */
import {
  ConsentEvent,
  ConsentPolicy,
  type ConsentRef,
  LegalHold,
  ledgerKey,
  type Msp,
  Tombstone,
} from '@consilium/domain';
import { must } from '../doubt.js';
import type { Question, Questions } from '../evidence/questions.js';
import type { HomeEvents, PlacedEvent } from './homeEvents.js';

export type History = Readonly<{
  events: readonly PlacedEvent[];
  hold: LegalHold | undefined;
  tombstone: Tombstone | undefined;
  /** Nothing on the channel that stood at this time is missing. */
  asOf: number;
}>;

/** @throws Doubt where the pack lacks the answer, or the events are not one unbroken row */
export function historyOf(msp: Msp, ref: ConsentRef, questions: Questions, home: HomeEvents): History {
  return historyIn(questions.ask('ConsentContract:consentHistory', { msp, ref }), { msp, ref }, questions, home);
}

/** @param question that tells everything about this record. @throws Doubt where the events are not one unbroken row */
export function historyIn(
  question: Question,
  { msp, ref }: Readonly<{ msp: Msp; ref: ConsentRef }>,
  questions: Questions,
  home: HomeEvents,
): History {
  const onLedger = placedIn(question, `consent~${msp}~${ref}~`);
  const atHome = home.byRecord.get(`${msp}~${ref}`) ?? [];
  const events = [...onLedger, ...atHome].sort((a, b) => a.event.seq - b.event.seq);
  for (const [seq, { event }] of events.entries())
    must(event.seq === seq, `event ${seq} of ${ref} is missing, or stands twice: the next one is ${event.seq}`);
  const hold = questions.records.get(ledgerKey.hold(msp, ref));
  const tombstone = questions.records.get(ledgerKey.tombstone(msp, ref));
  return {
    events,
    hold: hold && LegalHold.parse(hold.value),
    tombstone: tombstone && Tombstone.parse(tombstone.value),
    asOf: question.asOf,
  };
}

function placedIn({ records }: Question, prefix: string): PlacedEvent[] {
  return records
    .filter(({ key }) => key.startsWith(prefix))
    .map(({ value, place }) => ({ event: ConsentEvent.parse(value), place, batch: null }));
}

/** A hospital's policies by version, as the majority answered. @throws Doubt */
export function policiesOf(msp: Msp, questions: Questions): ReadonlyMap<number, ConsentPolicy> {
  const { records } = questions.ask('ConsentContract:policies', { msp });
  return new Map(
    records
      .filter(({ key }) => /^policy~[^~]+~/.test(key))
      .map(({ value }) => {
        const policy = ConsentPolicy.parse(value);
        return [policy.version, policy];
      }),
  );
}

/**
 * Whether events of a record could be missing that its hospital keeps at home.
 * @returns batches of the hospital that are not wholly here
 */
export function batchesMissing(msp: Msp, questions: Questions, { whole }: HomeEvents): number {
  const { records } = questions.ask('ConsentContract:policies', { msp });
  const roots = records.filter(({ key }) => key.startsWith(`consentroot~${msp}~`));
  return roots.filter(({ value }) => !whole.has(`${msp}~${(value as { batch: number }).batch}`)).length;
}
