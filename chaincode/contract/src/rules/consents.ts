/**
 * Events of patients' records, in batches. Nothing that stands is ever changed, hidden or replaced: an event follows the
 * last one of its record, in number and in the time that it takes effect.
 */
import {
  CLOCK_SKEW_MS_MAX,
  CONSENT_QUEUE_MS_MAX,
  type ConsentEvent,
  type ConsentEventInput,
  type ConsentPolicy,
  type ConsentReceipt,
  type ConsentRef,
  canonicalJson,
  endsConsent,
  explainsOldDate,
  ledgerKey,
  mayFollow,
  type RestrictionEpoch,
  refusal,
  takesEffectAt,
} from '@consilium/domain';
import { restricts } from './consentNarrowing.js';
import { grownEpoch, signerOf, writeConsent } from './consentRecords.js';
import type { Asked, Caller } from './permissions.js';
import { type Decision, standing } from './records.js';

/** What stands of the records that a batch is about. */
export type ConsentFacts = Readonly<{
  /** Policies that the events name, by version; absent: there is none. */
  policies: ReadonlyMap<number, ConsentPolicy>;
  /** By key: what stands of them. */
  events: ReadonlyMap<string, ConsentEvent>;
  erased: ReadonlySet<ConsentRef>;
  /** How many events stand of each record that the batch goes on with. */
  lengths: ReadonlyMap<ConsentRef, number>;
}>;

/** The events of a batch that are to be written, before the epoch is known. */
export type NewEvents = Readonly<{ events: readonly ConsentEvent[]; standing: number; restricts: boolean }>;

type Batch = Asked<'ConsentContract:recordConsents'>;

/**
 * Decides event by event, each after the ones before it in the batch: a transaction does not read what it writes.
 * @throws ConsiliumError CONSENT_RECORD_ERASED, CONSENT_EVENT_EXISTS, CONSENT_EVENT_OUT_OF_ORDER, CONSENT_POLICY_UNKNOWN,
 *   CONSENT_PLACEMENT_WRONG, CONSENT_KIND_MISPLACED, CONSENT_EVENT_BACKDATED
 */
export function newEvents({ command, caller, at }: Batch, facts: ConsentFacts): NewEvents {
  const { msp } = caller;
  const made = new Map<string, ConsentEvent>();
  const stands = (ref: ConsentRef, seq: number) => {
    const key = ledgerKey.consent(msp, ref, seq);
    return made.get(key) ?? facts.events.get(key);
  };
  let found = 0;
  for (const event of command.events) {
    const { ref, seq } = event;
    const own = stands(ref, seq);
    if (own) {
      if (!isSame(own, event)) throw refusal('CONSENT_EVENT_EXISTS', { seq });
      found += 1;
      continue;
    }
    if (facts.erased.has(ref)) throw refusal('CONSENT_RECORD_ERASED', {});
    const before = seq === 0 ? undefined : stands(ref, seq - 1);
    if (seq > 0 && !before) throw refusal('CONSENT_EVENT_OUT_OF_ORDER', { seq, expected: nextOf(ref) });
    requirePolicy(event, caller, facts.policies);
    requirePlace(event, before);
    requireTime(event, before, at);
    made.set(ledgerKey.consent(msp, ref, seq), eventOf(event, before, caller, at));
  }
  const events = [...made.values()];
  return { events, standing: found, restricts: events.some((event) => event.restricts) };

  function nextOf(ref: ConsentRef): number {
    const inBatch = [...made.values()].filter((event) => event.ref === ref).length;
    return (facts.lengths.get(ref) ?? 0) + inBatch;
  }
}

/** @param epoch the hospital's epoch, read only where the events restrict, so that grants alone never meet in it */
export function recordConsents(
  { caller: { msp } }: Batch,
  made: NewEvents,
  epoch: RestrictionEpoch | undefined,
): Decision {
  const grown = made.restricts ? grownEpoch(msp, epoch) : undefined;
  const record: ConsentReceipt = {
    msp,
    recorded: made.events.length,
    standing: made.standing,
    epoch: grown ? (grown.record as RestrictionEpoch).epoch : null,
  };
  if (made.events.length === 0) return standing(record);
  return { record, writes: [...made.events.map(writeConsent.event), ...(grown ? [grown] : [])] };
}

/**
 * What a patient desk sends without anyone's leave: only what makes less allowed.
 * @throws ConsiliumError INPUT_INVALID
 */
export function requireWithdrawals({ command }: Batch): void {
  const problems = command.events.flatMap(({ kind, narrows }, k) =>
    endsConsent(kind) || narrows ? [] : [`events.${k}: a ${kind} that does not narrow is recorded, not withdrawn`],
  );
  if (problems[0] !== undefined) throw refusal('INPUT_INVALID', { problems: problems[0] });
}

function eventOf(
  { narrows, ...event }: ConsentEventInput,
  before: ConsentEvent | undefined,
  caller: Caller,
  at: number,
): ConsentEvent {
  return {
    msp: caller.msp,
    ...event,
    supersedes: before?.seq ?? null,
    restricts: restricts({ narrows, ...event }, before),
    recordedBy: signerOf(caller),
    recordedAt: at,
  };
}

/** Who sends it again, and when, may differ: the first signature stands. */
function isSame(stands: ConsentEvent, { narrows, ...again }: ConsentEventInput): boolean {
  const { msp, supersedes, restricts: did, recordedBy, recordedAt, ...said } = stands;
  return canonicalJson(said) === canonicalJson(again) && (!narrows || did);
}

function requirePolicy(
  { policyVersion }: ConsentEventInput,
  { msp }: Caller,
  policies: ReadonlyMap<number, ConsentPolicy>,
): void {
  const policy = policies.get(policyVersion);
  if (!policy) throw refusal('CONSENT_POLICY_UNKNOWN', { msp, version: policyVersion });
  if (policy.placement !== 'ledger')
    throw refusal('CONSENT_PLACEMENT_WRONG', {
      version: policyVersion,
      msp,
      placement: 'roots of batches alone',
      wanted: 'a root',
    });
}

function requirePlace({ kind }: ConsentEventInput, last: ConsentEvent | undefined): void {
  if (mayFollow(kind, last?.kind)) return;
  const wanted = last ? 'a grant begins it anew' : 'a record begins with a grant or an opt-out';
  throw refusal('CONSENT_KIND_MISPLACED', {
    kind,
    before: last ? `event ${last.seq}, a ${last.kind}` : 'nothing',
    wanted,
  });
}

/**
 * Both times stand beside each other, and nobody can date back the recording. An end may have waited for the channel
 * however long, since it acted at home meanwhile; it is never in the future. What allows may lie further back than the
 * queue explains only where it says that it was imported. Neither takes effect before the event that it follows did: a
 * later entry would else rewrite a time in which the earlier one was in force.
 */
function requireTime(event: ConsentEventInput, before: ConsentEvent | undefined, at: number): void {
  const { kind, effectiveFrom, reason } = event;
  const told = (instant: number) => new Date(instant).toISOString();
  const refused = (problem: string) => refusal('CONSENT_EVENT_BACKDATED', { kind, problem });
  const latest = endsConsent(kind) ? at : at + CLOCK_SKEW_MS_MAX;
  if (effectiveFrom > latest) throw refused(`it is dated ${told(effectiveFrom)}, and recorded at ${told(at)}`);
  if (!endsConsent(kind) && effectiveFrom < at - CONSENT_QUEUE_MS_MAX && !explainsOldDate(reason))
    throw refused(`it is dated ${told(effectiveFrom)}, and its reason is ${reason}, not that it was imported`);
  // The two clocks of a desk and a gateway differ: an end within their skew is taken, so that it is never lost.
  const earliest = before ? takesEffectAt(before) - (endsConsent(kind) ? CLOCK_SKEW_MS_MAX : 0) : 0;
  if (before && effectiveFrom < earliest)
    throw refused(
      `it is dated ${told(effectiveFrom)}, before event ${before.seq}, in force from ${told(takesEffectAt(before))}`,
    );
}
