/** Erasure after GDPR article 17, and the holds and retention periods that forbid it for a while. */
import {
  type ConsentEvent,
  type ConsentPolicy,
  canonicalJson,
  endsConsent,
  type LegalGround,
  type LegalHold,
  type RestrictionEpoch,
  refusal,
  type Tombstone,
} from '@consilium/domain';
import { grownEpoch, signerOf, writeConsent } from './consentRecords.js';
import type { Asked } from './permissions.js';
import { type Decision, standing } from './records.js';

const DAY_MS = 86_400_000;

/** What stands of a record. */
export type RecordFacts = Readonly<{
  events: readonly ConsentEvent[];
  /** Whether a policy of this hospital keeps events at home: then a record of it need not stand on the channel. */
  keepsAtHome: boolean;
  hold: LegalHold | undefined;
  tombstone: Tombstone | undefined;
}>;

/** Grounds to keep stand in article 17(3), grounds to erase in article 17(1). */
function isToKeep(ground: LegalGround): boolean {
  return ground.startsWith('gdpr-17-3-');
}

/** `gdpr-17-3-b` as it is cited. */
function articleOf(ground: LegalGround): string {
  const [, article, paragraph, letter] = ground.split('-');
  return `GDPR article ${article}(${paragraph})(${letter})`;
}

function requireRecord({ events, keepsAtHome }: RecordFacts): void {
  if (events.length === 0 && !keepsAtHome) throw refusal('CONSENT_RECORD_UNKNOWN', {});
}

/**
 * Sets a hold, changes or lifts it.
 * @throws ConsiliumError INPUT_INVALID, CONSENT_RECORD_UNKNOWN, CONSENT_RECORD_ERASED
 */
export function holdRecord({ command, caller, at }: Asked<'ConsentContract:holdRecord'>, facts: RecordFacts): Decision {
  const { stands, ground, until } = command;
  if (!isToKeep(ground))
    throw refusal('INPUT_INVALID', { problems: `ground: ${articleOf(ground)} is no ground to keep a record` });
  if (stands && until !== null && until <= at)
    throw refusal('INPUT_INVALID', { problems: 'until: a hold ends in the future, or when it is lifted' });
  requireRecord(facts);
  if (facts.tombstone) throw refusal('CONSENT_RECORD_ERASED', {});
  const record: LegalHold = { msp: caller.msp, ...command, setBy: signerOf(caller), setAt: at };
  const own = facts.hold;
  if (own && canonicalJson({ ...record, setBy: own.setBy, setAt: own.setAt }) === canonicalJson(own))
    return standing(own);
  if (!stands && !own?.stands)
    throw refusal('INPUT_INVALID', { problems: 'stands: no hold on this record is there to be lifted' });
  return { record, writes: [writeConsent.hold(record)] };
}

export type ErasingFacts = RecordFacts &
  Readonly<{
    /** The policy that the record's last event names, where it has one on the channel. */
    policy: ConsentPolicy | undefined;
    /** Read only where the record still allows something. */
    epoch: RestrictionEpoch | undefined;
  }>;

/** Whether a patient might still be selected by what stands: then erasing the record restricts. */
export function mayAllow({ events }: Pick<RecordFacts, 'events'>): boolean {
  const last = events.at(-1);
  return !last || !endsConsent(last.kind);
}

/**
 * The tombstone says that nothing ties the ref to a patient any more. What the hospital keeps at home, and how long, it
 * must see to itself: the channel knows the last event only of records whose events stand on it.
 * @throws ConsiliumError INPUT_INVALID, CONSENT_RECORD_UNKNOWN, CONSENT_RECORD_ERASED, CONSENT_ERASURE_ON_HOLD
 */
export function eraseRecord(
  { command, caller, at }: Asked<'ConsentContract:eraseRecord'>,
  facts: ErasingFacts,
): Decision {
  const { msp } = caller;
  const { ref, ground, receiptHash } = command;
  if (isToKeep(ground))
    throw refusal('INPUT_INVALID', { problems: `ground: ${articleOf(ground)} is a ground to keep, not to erase` });
  const own = facts.tombstone;
  if (own) {
    if (own.ground === ground && own.receiptHash === receiptHash) return standing(own);
    throw refusal('CONSENT_RECORD_ERASED', {});
  }
  requireRecord(facts);
  requireNoHold(facts, at);
  requireRetained(facts, at);
  const record: Tombstone = { msp, ref, ground, receiptHash, erasedBy: signerOf(caller), erasedAt: at };
  const writes = [writeConsent.tombstone(record)];
  return { record, writes: mayAllow(facts) ? [...writes, grownEpoch(msp, facts.epoch)] : writes };
}

function requireNoHold({ hold }: ErasingFacts, at: number): void {
  if (!hold?.stands || (hold.until !== null && hold.until <= at)) return;
  throw refusal('CONSENT_ERASURE_ON_HOLD', {
    article: articleOf(hold.ground),
    ground: `legal hold of ${new Date(hold.setAt).toISOString()}`,
    until: hold.until === null ? 'it is lifted' : new Date(hold.until).toISOString(),
  });
}

function requireRetained({ events, policy }: ErasingFacts, at: number): void {
  const last = events.at(-1);
  if (!last || !policy) return;
  const until = last.recordedAt + policy.retentionDays * DAY_MS;
  if (at >= until) return;
  throw refusal('CONSENT_ERASURE_ON_HOLD', {
    article: articleOf('gdpr-17-3-b'),
    ground: `${policy.retentionDays} days of retention after the last event, policy ${policy.version}`,
    until: new Date(until).toISOString(),
  });
}
