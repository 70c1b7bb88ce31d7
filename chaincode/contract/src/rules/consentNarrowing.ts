/** Whether an event, or a policy, allows less than the one before it: then cohorts that were selected before it are stale. */
import { type ConsentEvent, type ConsentEventInput, duoEntry, endsConsent } from '@consilium/domain';

type Terms = Pick<ConsentEvent, 'codes' | 'validFrom' | 'validTo'>;

/**
 * What ends, restricts. What follows an end cannot: nothing was allowed. Between, the hospital says that it narrows (it
 * alone knows values and data classes), and is not believed where codes or validity show that it does.
 * @param before the event that this one follows; undefined: the record begins
 */
export function restricts(event: ConsentEventInput, before: ConsentEvent | undefined): boolean {
  if (endsConsent(event.kind) || event.narrows) return true;
  if (!before || endsConsent(before.kind)) return false;
  return isShorter(before, event) || codesAllowLess(before.codes, event.codes);
}

function isShorter(before: Terms, after: Terms): boolean {
  const later = (after.validFrom ?? 0) > (before.validFrom ?? 0);
  return later || (after.validTo ?? Infinity) < (before.validTo ?? Infinity);
}

/**
 * A code that allows is gone, or one that restricts is new; one that is not known may do either. Judged without what codes
 * include, so a wider purpose in place of a narrower one counts as less: then a cohort is selected once more for nothing,
 * while the other mistake would let a cohort stand that is no longer allowed.
 */
export function codesAllowLess(before: readonly string[], after: readonly string[]): boolean {
  const gone = before.filter((code) => !after.includes(code));
  const added = after.filter((code) => !before.includes(code));
  return gone.some((code) => kindOf(code) !== 'modifier') || added.some((code) => !allowsMore(kindOf(code)));
}

type Kind = NonNullable<ReturnType<typeof duoEntry>>['kind'] | undefined;

function kindOf(code: string): Kind {
  return duoEntry(code)?.kind;
}

function allowsMore(kind: Kind): boolean {
  return kind === 'permission' || kind === 'extension';
}
