/** What an event of a consent record may follow: asked before it is recorded, and again by the contract. */
import type { ConsentKind, ConsentReason } from './consent.js';

/** `nothing`: it may begin a record. Whatever ended is begun anew by a grant, and not by a change. */
const FOLLOWS: Readonly<Record<ConsentKind, readonly (ConsentKind | 'nothing')[]>> = {
  grant: ['nothing', 'grant', 'change', 'withdraw', 'expire', 'opt-out', 'opt-in'],
  change: ['grant', 'change', 'opt-in'],
  withdraw: ['grant', 'change', 'withdraw', 'expire', 'opt-out', 'opt-in'],
  expire: ['grant', 'change', 'withdraw', 'expire', 'opt-out', 'opt-in'],
  'opt-out': ['nothing', 'grant', 'change', 'withdraw', 'expire', 'opt-out', 'opt-in'],
  'opt-in': ['opt-out'],
};

/** @param before the kind of the record's last event; undefined: it begins */
export function mayFollow(kind: ConsentKind, before: ConsentKind | undefined): boolean {
  return FOLLOWS[kind].includes(before ?? 'nothing');
}

const IMPORTED: readonly ConsentReason[] = ['imported-from-paper', 'imported-from-record', 'correction'];

/** Whether a reason explains that what allows is dated further back than CONSENT_QUEUE_MS_MAX. */
export function explainsOldDate(reason: ConsentReason): boolean {
  return IMPORTED.includes(reason);
}
