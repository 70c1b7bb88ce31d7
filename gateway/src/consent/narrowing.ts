/** Whether other terms allow less than those before: in doubt, yes. Then they act here at once, and cohorts become stale. */
import type { ConsentContent, ConsentTerm } from '@consilium/domain';

/** DUO permissions: what data may be used for. Every other code restricts how. */
const PERMISSION_CODES = new Set(['DUO:0000004', 'DUO:0000042', 'DUO:0000006', 'DUO:0000007', 'DUO:0000011']);

type Terms = Pick<ConsentContent, 'terms' | 'dataClasses' | 'policyVersion' | 'validFrom' | 'validTo'>;

export function narrows(before: Terms, after: Terms): boolean {
  return isShorter(before, after) || losesClass(before.dataClasses, after.dataClasses) || losesTerms(before, after);
}

function isShorter(before: Terms, after: Terms): boolean {
  const later = (after.validFrom ?? 0) > (before.validFrom ?? 0);
  return later || (after.validTo ?? Infinity) < (before.validTo ?? Infinity);
}

/** No class named is every class. */
function losesClass(before: readonly string[], after: readonly string[]): boolean {
  if (after.length === 0) return false;
  return before.length === 0 || before.some((name) => !after.includes(name));
}

function losesTerms(before: Terms, after: Terms): boolean {
  const was = byCode(before.terms);
  const is = byCode(after.terms);
  const lost = [...was].some(([code, values]) => PERMISSION_CODES.has(code) && !permitsAsMuch(values, is.get(code)));
  return lost || [...is].some(([code, values]) => !PERMISSION_CODES.has(code) && !isSame(values, was.get(code)));
}

function permitsAsMuch(before: ReadonlySet<string>, after: ReadonlySet<string> | undefined): boolean {
  if (!after) return false;
  return [...before].every((value) => after.has(value)) && (before.size > 0 || after.size === 0);
}

/** A restriction with other values: more of them may be more or less, so it counts as less. */
function isSame(after: ReadonlySet<string>, before: ReadonlySet<string> | undefined): boolean {
  return before !== undefined && before.size === after.size && [...after].every((value) => before.has(value));
}

function byCode(terms: readonly ConsentTerm[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { code, values } of terms) found.set(code, new Set([...(found.get(code) ?? []), ...values]));
  return found;
}
