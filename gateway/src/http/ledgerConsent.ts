/**
 * What stood of a record, by the channel alone and by what its hospital opened of it: for auditors, who see neither other
 * hospitals' stores nor whose a record is. The channel has commitments and codes; what they hide, and what cannot be said
 * without it, is told.
 */
import type { LedgerEffectiveResource } from '@consilium/client/resources';
import {
  type ConsentContent,
  ConsentEvent,
  ConsentPolicy,
  type ConsentRef,
  type ConsentSalt,
  consentCommitment,
  consentEndsAt,
  DataPermit,
  DUO,
  effectiveConsent,
  endsConsent,
  type Instant,
  ledgerKey,
  type Msp,
  matchConsent,
  refusal,
  type StudyId,
  Tombstone,
  takesEffectAt,
} from '@consilium/domain';
import { type ConsentRoom, ledgerPlace } from './consentRoom.js';
import type { Recorded } from './records.js';
import { runningProtocol } from './studyResources.js';

export type LedgerAsked = Readonly<{
  msp: Msp;
  ref: ConsentRef;
  /** Default: now. */
  effectiveAt?: Instant | undefined;
  /** Default: `effectiveAt`. */
  knownAt?: Instant | undefined;
  /** What the hospital opened of the record. */
  opened?: Readonly<{ salt: ConsentSalt; contents: readonly ConsentContent[] }> | undefined;
  study?: StudyId | undefined;
}>;

const ALWAYS_HIDDEN = [
  'whose record it is',
  'what the hospital has recorded and not brought to the ledger yet, such as a withdrawal of the last minutes',
];
const UNOPENED = 'values of the terms (diseases, places, people, times), data classes and evidence: commitments alone';
const MONTHS = 'whether it still stands: it has a limit in months, and how many is in the content';

/**
 * @throws ConsiliumError CONSENT_RECORD_UNKNOWN; INPUT_INVALID where an opened content is not what the ledger commits to, or
 *   the one that a decision needs is missing; STUDY_UNKNOWN
 */
export function ledgerConsent(room: ConsentRoom, asked: LedgerAsked): LedgerEffectiveResource {
  const { records } = room;
  const { msp, ref, study } = asked;
  const effectiveAt = asked.effectiveAt ?? (room.now() as Instant);
  const knownAt = asked.knownAt ?? effectiveAt;
  const events = records.list(ConsentEvent, 'consent', msp, ref);
  const tombstone = records.get(Tombstone, ledgerKey.tombstone(msp, ref));
  if (events.length === 0 && !tombstone) throw refusal('CONSENT_RECORD_UNKNOWN', {});
  const contents = openedContents(events, asked.opened);
  const isErased = tombstone !== undefined && tombstone.erasedAt <= Math.min(effectiveAt, knownAt);
  const event = isErased ? undefined : effectiveConsent(events, { effectiveAt, knownAt });
  const content = event && contents.get(event.seq);
  const stands = event ? standing(event, content, effectiveAt) : false;
  return {
    ...{ msp, ref, effectiveAt, knownAt, height: room.height(), stands },
    erasedAt: isErased ? tombstone.erasedAt : null,
    event: event
      ? { ...event, record: ledgerPlace(event.record, room.readings.placeOf(msp, ref, event.seq)?.position) }
      : null,
    content: content ?? null,
    decision: study === undefined ? null : decisionOf(room, asked, study, event, content, { effectiveAt, knownAt }),
    notShown: [...(event && !content ? [UNOPENED] : []), ...(stands === null ? [MONTHS] : []), ...ALWAYS_HIDDEN],
  };
}

/** @returns null where the ledger does not tell */
function standing(event: ConsentEvent, content: ConsentContent | undefined, at: Instant): boolean | null {
  if (endsConsent(event.kind) || (event.validFrom !== null && event.validFrom > at)) return false;
  if (content) return at < (consentEndsAt(content) ?? Number.POSITIVE_INFINITY);
  if (event.validTo !== null && event.validTo <= at) return false;
  return event.codes.includes(DUO.TS) ? null : true;
}

function openedContents(
  events: readonly ConsentEvent[],
  opened: LedgerAsked['opened'],
): ReadonlyMap<number, ConsentContent> {
  const contents = new Map<number, ConsentContent>();
  for (const [k, content] of (opened?.contents ?? []).entries()) {
    const event = events.find(({ seq }) => seq === content.seq);
    if (!opened || !event || consentCommitment(opened.salt, content) !== event.commitment)
      throw refusal('INPUT_INVALID', {
        problems: `body.contents.${k}: not what the ledger commits to, with this salt`,
      });
    contents.set(content.seq, content);
  }
  return contents;
}

function decisionOf(
  { records }: ConsentRoom,
  { msp }: LedgerAsked,
  study: StudyId,
  event: Recorded<ConsentEvent> | undefined,
  content: ConsentContent | undefined,
  { effectiveAt, knownAt }: Readonly<{ effectiveAt: Instant; knownAt: Instant }>,
): LedgerEffectiveResource['decision'] {
  if (event && !content)
    throw refusal('INPUT_INVALID', { problems: `body.contents: event ${event.seq} is in force, and is not opened` });
  const policies = records.list(ConsentPolicy, 'policy', msp).filter(({ publishedAt }) => publishedAt <= knownAt);
  const policy = policies.at(-1);
  if (!policy) throw refusal('CONSENT_POLICY_UNKNOWN', { msp, version: 1 });
  const permit = records.get(DataPermit, ledgerKey.permit(study, msp));
  const { answer, reasons } = matchConsent({
    content,
    policy,
    givenUnder: policies.find(({ version }) => version === event?.policyVersion),
    study: { protocol: runningProtocol(records, study) },
    at: effectiveAt,
    ...(permit ? { permit } : {}),
    ...(event?.kind === 'opt-out' ? { optedOutAt: takesEffectAt(event) } : {}),
  });
  return { answer, reasons: reasons.map(({ code, text }) => ({ code, text })) };
}
