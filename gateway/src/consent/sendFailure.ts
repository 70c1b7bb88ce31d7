/** What to do about a transaction of the queue that did not go through. */
import { ConsiliumError, type ErrorCode } from '@consilium/domain';

/**
 * `later`: the channel is away, or whether it committed is not known: the contract takes a resend for success. `again`:
 * another transaction was first. `person`: who recorded it may not sign any more. `refused`: the channel never takes it.
 */
export type SendFailure = 'later' | 'again' | 'person' | 'refused';

const OF_THE_PERSON: readonly ErrorCode[] = ['ROLE_REQUIRED', 'UNAUTHENTICATED', 'CONSENT_PERSON_UNKNOWN'];

/**
 * Codes with which the contract refuses an event for what it is. What nobody foresaw is tried again: an event is only ever
 * given up for a reason that lies in it.
 */
const OF_THE_EVENT: readonly ErrorCode[] = [
  'CONSENT_RECORD_ERASED',
  'CONSENT_EVENT_EXISTS',
  'CONSENT_EVENT_OUT_OF_ORDER',
  'CONSENT_POLICY_UNKNOWN',
  'CONSENT_PLACEMENT_WRONG',
  'CONSENT_KIND_MISPLACED',
  'CONSENT_EVENT_BACKDATED',
  'INPUT_INVALID',
];

export function sendFailureOf(error: unknown): SendFailure {
  if (!(error instanceof ConsiliumError)) return 'later';
  if (error.code === 'LEDGER_CONFLICT') return 'again';
  if (OF_THE_PERSON.includes(error.code)) return 'person';
  return OF_THE_EVENT.includes(error.code) ? 'refused' : 'later';
}

export function codeOf(error: unknown): string {
  return error instanceof ConsiliumError ? error.code : 'unknown';
}
