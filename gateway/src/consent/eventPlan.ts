/** What an order becomes: an event that follows the last one of its record, as the contract's rules for events ask. */
import {
  CONSENT_QUEUE_MS_MAX,
  type ConsentContent,
  type ConsentKind,
  type ConsentPolicy,
  endsConsent,
  explainsOldDate,
  mayFollow,
  refusal,
} from '@consilium/domain';
import type { ParsedOrder } from './consentTypes.js';
import { narrows } from './narrowing.js';

/** What the event says beside its place and its patient. */
export type EventPlan = Omit<ConsentContent, 'schemaVersion' | 'msp' | 'ref' | 'seq' | 'subject'> &
  Readonly<{ restricts: boolean; narrows: boolean }>;

/** The last event of the record, refused ones left out; undefined: it begins. */
export type LastContent = ConsentContent | undefined;

export type PolicyBook = Readonly<{
  newest: ConsentPolicy | undefined;
  of(version: number): ConsentPolicy | undefined;
}>;

/**
 * @throws ConsiliumError CONSENT_PATIENT_UNKNOWN (nothing of the patient can end or change), CONSENT_POLICY_UNKNOWN,
 *   CONSENT_KIND_MISPLACED, CONSENT_EVENT_BACKDATED, INPUT_INVALID
 */
export function planEvent(
  order: ParsedOrder,
  last: LastContent,
  policies: PolicyBook,
  msp: string,
  now: number,
): EventPlan {
  const { kind } = order;
  requirePlace(kind, last);
  const ending = endsConsent(kind);
  const says = kind === 'grant' || kind === 'change';
  if (!says && (order.terms.length > 0 || order.validFrom !== null || order.validTo !== null))
    throw refusal('INPUT_INVALID', {
      problems: `kind: terms and validity are of a grant or a change, not of a ${kind}`,
    });
  if (order.validFrom !== null && order.validTo !== null && order.validTo <= order.validFrom)
    throw refusal('INPUT_INVALID', { problems: 'validTo: lies not after validFrom' });
  const policyVersion = (ending && last ? last.policyVersion : order.policyVersion) ?? policies.newest?.version ?? 1;
  if (!policies.of(policyVersion)) throw refusal('CONSENT_POLICY_UNKNOWN', { msp, version: policyVersion });
  const plan = {
    kind,
    terms: order.terms,
    dataClasses: says ? order.dataClasses : [],
    policyVersion,
    validFrom: order.validFrom,
    validTo: order.validTo,
    effectiveFrom: ending ? endOf(order, last, now) : beginningOf(order, last, now),
    evidence: order.evidence,
  };
  const lessThanBefore = !ending && last !== undefined && !endsConsent(last.kind) && narrows(last, plan);
  return { ...plan, narrows: lessThanBefore, restricts: ending || lessThanBefore };
}

function requirePlace(kind: ConsentKind, last: LastContent): void {
  if (!last && kind !== 'grant' && kind !== 'opt-out') throw refusal('CONSENT_PATIENT_UNKNOWN', {});
  if (mayFollow(kind, last?.kind)) return;
  throw refusal('CONSENT_KIND_MISPLACED', {
    kind,
    before: last ? `event ${last.seq}, a ${last.kind}` : 'nothing',
    wanted: 'a grant begins it anew',
  });
}

/** Never later than now, and not before what it ends took effect: a withdrawal is never refused for its date. */
function endOf({ effectiveFrom }: ParsedOrder, last: LastContent, now: number): number {
  return Math.max(Math.min(effectiveFrom ?? now, now), last?.effectiveFrom ?? 0);
}

function beginningOf({ kind, effectiveFrom, reason }: ParsedOrder, last: LastContent, now: number): number {
  const refused = (problem: string) => refusal('CONSENT_EVENT_BACKDATED', { kind, problem });
  const asked = effectiveFrom ?? Math.max(now, last?.effectiveFrom ?? 0);
  if (asked > now && effectiveFrom !== undefined) throw refused('it is dated in the future');
  if (asked < now - CONSENT_QUEUE_MS_MAX && !explainsOldDate(reason))
    throw refused(`it lies further back than a queue explains, and its reason is ${reason}, not that it was imported`);
  if (last && asked < last.effectiveFrom)
    throw refused(`it is dated before event ${last.seq}, in force from ${new Date(last.effectiveFrom).toISOString()}`);
  return asked;
}
