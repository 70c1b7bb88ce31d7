/** What transactions about consent read. A batch of events is long, so each event reads no more than decides about it. */
import {
  type ConsentEvent,
  type ConsentEventInput,
  type ConsentRef,
  type Join,
  ledgerKey,
  type Msp,
  type Round,
  type StudyId,
} from '@consilium/domain';
import type { CohortFacts } from '../rules/cohorts.js';
import type { ConsentFacts } from '../rules/consents.js';
import type { RecordFacts } from '../rules/erasing.js';
import type { LedgerState } from './ledgerState.js';
import { protocolOf } from './roundReads.js';

/** A batch about so many records asks for all of its hospital's tombstones at once, in place of each record's. */
const LISTED_RECORDS_MIN = 10;
/** Where there are more, it asks for each all the same. A peer tells a range in answers of 100. */
const LISTED_TOMBSTONES_MAX = 500;

/** Of the joining hospital alone. What a study does not ask for is not read: it could only make the join invalid. */
export async function cohortFacts(state: LedgerState, round: Round, msp: Msp): Promise<CohortFacts> {
  const protocol = await protocolOf(state, round);
  const { consent, publicData } = protocol;
  return {
    protocol,
    policy: consent || !publicData ? await state.newestPolicy(msp) : undefined,
    epoch: consent ? await state.epoch(msp) : undefined,
    permit: consent?.legalBasis === 'ehds-permit' ? await state.permit(round.study, msp) : undefined,
  };
}

/**
 * Of a batch: of a new record the key of its first event, which must be free, and of every other record all its events, in
 * one read each. An event that someone adds meanwhile makes the batch invalid either way.
 */
export async function consentFacts(
  state: LedgerState,
  msp: Msp,
  events: readonly ConsentEventInput[],
): Promise<ConsentFacts> {
  const policies = await state.policies(msp);
  const refs = [...new Set(events.map(({ ref }) => ref))];
  const begun = new Set(events.filter(({ seq }) => seq > 0).map(({ ref }) => ref));
  const read = (ref: ConsentRef) => (begun.has(ref) ? state.consents(msp, ref) : firstOf(state, msp, ref));
  const records = await Promise.all(refs.map(read));
  const keyed = records.flat().map((event) => [ledgerKey.consent(msp, event.ref, event.seq), event] as const);
  const atHome = policies.some(({ placement }) => placement === 'roots');
  return {
    policies: new Map(policies.map((policy) => [policy.version, policy])),
    events: new Map(keyed),
    lengths: new Map(refs.map((ref, k) => [ref, records[k]?.length ?? 0])),
    erased: await erasedOf(state, msp, atHome ? new Set(refs) : begun),
  };
}

async function firstOf(state: LedgerState, msp: Msp, ref: ConsentRef): Promise<ConsentEvent[]> {
  const first = await state.consent(msp, ref, 0);
  return first ? [first] : [];
}

/**
 * A record is erased only once it is known: by its first event, or because it was kept at home. So a first event looks for
 * a tombstone only in a hospital that keeps events at home, and the import of many patients reads half as much. Most
 * hospitals erase few, so a long batch reads all tombstones by range: an erasure in the same block makes it invalid then,
 * whichever record it is of, and it is sent again.
 */
export async function erasedOf(
  state: LedgerState,
  msp: Msp,
  refs: ReadonlySet<ConsentRef>,
): Promise<ReadonlySet<ConsentRef>> {
  const known = [...refs];
  const many = known.length >= LISTED_RECORDS_MIN;
  const listed = many ? await state.tombstones(msp, LISTED_TOMBSTONES_MAX) : undefined;
  if (listed) return new Set(listed.map(({ ref }) => ref).filter((ref) => refs.has(ref)));
  const erased = await Promise.all(known.map((ref) => state.has(ledgerKey.tombstone(msp, ref))));
  return new Set(known.filter((_, k) => erased[k]));
}

/** What stands of a record as a whole, read by range: an event that is added meanwhile makes an erasure invalid. */
export async function recordFacts(state: LedgerState, msp: Msp, ref: ConsentRef): Promise<RecordFacts> {
  return {
    events: await state.consents(msp, ref),
    keepsAtHome: (await state.policies(msp)).some(({ placement }) => placement === 'roots'),
    hold: await state.hold(msp, ref),
    tombstone: await state.tombstone(msp, ref),
  };
}

/** The joins that a report of withdrawals rests on. */
export async function reportedJoins(
  state: LedgerState,
  study: StudyId,
  msp: Msp,
  rounds: readonly number[],
): Promise<(Join | undefined)[]> {
  return Promise.all(rounds.map((round) => state.join(study, round, msp)));
}

/**
 * The number of the next one of a series without gaps. The one before is asked first: a series is counted only to say what
 * would have been right.
 */
export async function nextInSeries(
  number: number,
  read: (number: number) => Promise<unknown>,
  all: () => Promise<readonly unknown[]>,
): Promise<number> {
  if (number === 0 || (await read(number - 1))) return (await read(number)) ? (await all()).length : number;
  return (await all()).length;
}
