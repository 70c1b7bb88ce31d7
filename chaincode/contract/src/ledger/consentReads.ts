/** What transactions about consent read. A batch of events is long, so each event reads no more than decides about it. */
import {
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
 * Of a batch: each event's own key, which must be free, and the key of the one before it where the batch does not hold it.
 * More is read only of records that the batch is about to be refused for.
 */
export async function consentFacts(
  state: LedgerState,
  msp: Msp,
  events: readonly ConsentEventInput[],
): Promise<ConsentFacts> {
  const policies = await state.policies(msp);
  const keyOf = (event: Place) => ledgerKey.consent(msp, event.ref, event.seq);
  const own = new Map<string, Place>(events.map((event) => [keyOf(event), event]));
  const before = events.map(placeBefore).filter((place) => place !== undefined);
  const places = new Map<string, Place>([...before.map((place) => [keyOf(place), place] as const), ...own]);
  const read = [...places].map(async ([key, { ref, seq }]) => [key, await state.consent(msp, ref, seq)] as const);
  const found = new Map((await Promise.all(read)).flatMap(([key, event]) => (event ? [[key, event]] : [])));
  const atHome = policies.some(({ placement }) => placement === 'roots');
  const erasable = new Set(events.filter(({ seq }) => seq > 0 || atHome).map(({ ref }) => ref));
  return {
    policies: new Map(policies.map((policy) => [policy.version, policy])),
    events: found,
    erased: await erasedOf(state, msp, erasable),
    lengths: await lengthsOf(
      state,
      msp,
      refsWithGaps(events, (place) => found.has(keyOf(place)), keyOf),
    ),
  };
}

type Place = Readonly<{ ref: ConsentRef; seq: number }>;

function placeBefore({ ref, seq }: Place): Place | undefined {
  return seq > 0 ? { ref, seq: seq - 1 } : undefined;
}

/**
 * A record is erased only once it is known: by its first event, or because it was kept at home. So a first event looks for
 * a tombstone only in a hospital that keeps events at home, and the import of many patients reads half as much.
 */
export async function erasedOf(
  state: LedgerState,
  msp: Msp,
  refs: ReadonlySet<ConsentRef>,
): Promise<ReadonlySet<ConsentRef>> {
  const known = [...refs];
  const erased = await Promise.all(known.map((ref) => state.has(ledgerKey.tombstone(msp, ref))));
  return new Set(known.filter((_, k) => erased[k]));
}

/** Records with an event that follows neither what stands nor what came before it in the batch. */
function refsWithGaps(
  events: readonly Place[],
  stands: (place: Place) => boolean,
  keyOf: (place: Place) => string,
): ReadonlySet<ConsentRef> {
  const seen = new Set<string>();
  const gaps = new Set<ConsentRef>();
  for (const event of events) {
    const before = placeBefore(event);
    if (before && !stands(before) && !seen.has(keyOf(before))) gaps.add(event.ref);
    seen.add(keyOf(event));
  }
  return gaps;
}

async function lengthsOf(
  state: LedgerState,
  msp: Msp,
  refs: ReadonlySet<ConsentRef>,
): Promise<ReadonlyMap<ConsentRef, number>> {
  const lengths = new Map<ConsentRef, number>();
  for (const ref of refs) lengths.set(ref, (await state.consents(msp, ref)).length);
  return lengths;
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
