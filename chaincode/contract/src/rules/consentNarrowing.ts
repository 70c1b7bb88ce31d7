/** Whether an event allows less than the one before it: then cohorts that were selected before it are stale. */
import { type ConsentEvent, type ConsentEventInput, type ConsentKind, ENDING_KINDS } from '@consilium/domain';

/** DUO permissions: what data may be used for. Every other code restricts how. */
const PERMISSION_CODES: readonly string[] = ['DUO:0000004', 'DUO:0000042', 'DUO:0000006', 'DUO:0000007', 'DUO:0000011'];

export function isEnding(kind: ConsentKind): boolean {
  return (ENDING_KINDS as readonly ConsentKind[]).includes(kind);
}

type Terms = Pick<ConsentEvent, 'codes' | 'validFrom' | 'validTo'>;

/**
 * What ends, restricts. What follows an end cannot: nothing was allowed. Between, the hospital says that it narrows (it
 * alone knows values and data classes), and is not believed where codes or validity show that it does.
 * @param before the event that this one follows; undefined: the record begins
 */
export function restricts(event: ConsentEventInput, before: ConsentEvent | undefined): boolean {
  if (isEnding(event.kind) || event.narrows) return true;
  if (!before || isEnding(before.kind)) return false;
  return isShorter(before, event) || losesPermission(before, event) || addsRestriction(before, event);
}

function isShorter(before: Terms, after: Terms): boolean {
  const later = (after.validFrom ?? 0) > (before.validFrom ?? 0);
  return later || (after.validTo ?? Infinity) < (before.validTo ?? Infinity);
}

/** A narrower permission under a wider one counts too: see `allowsLess` of policies for why. */
function losesPermission(before: Terms, after: Terms): boolean {
  return before.codes.some((code) => PERMISSION_CODES.includes(code) && !after.codes.includes(code));
}

function addsRestriction(before: Terms, after: Terms): boolean {
  return after.codes.some((code) => !PERMISSION_CODES.includes(code) && !before.codes.includes(code));
}
