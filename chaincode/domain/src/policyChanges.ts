/** What changed between two versions of a hospital's policy, in words. */
import type { ConsentPolicyText } from './consent.js';
import { duoEntry } from './duo.js';
import { PURPOSE_WORDS } from './policyMatcher.js';

/**
 * One sentence a change, in an order of its own; empty: nothing that decides has changed.
 * @param before undefined: `after` is the first version
 */
export function policyChanges(before: ConsentPolicyText | undefined, after: ConsentPolicyText): string[] {
  if (!before) return [`The first policy: ${after.title}.`];
  return [
    ...listed('Permitted', before.permittedPurposes, after.permittedPurposes, purposeWords),
    ...listed('Kind of data', before.dataClasses, after.dataClasses, (name) => name),
    ...changed(before, after, 'legalBasis', (basis) => `Use rests on ${BASES[basis]}`),
    ...changed(before, after, 'silence', (silence) => SILENCES[silence]),
    ...changed(before, after, 'placement', (placement) => PLACEMENTS[placement]),
    ...changed(before, after, 'privateCopy', (kept) =>
      kept
        ? 'Openings are also kept, encrypted, in the private collection of the channel'
        : 'Openings are kept in the hospital alone',
    ),
    ...changed(before, after, 'retentionDays', (days) => `Records are kept for ${days} days after their last event`),
    ...changed(before, after, 'title', (title) => `The policy is called ${title}`),
    ...(before.textHash === after.textHash ? [] : ['The text that patients are given has changed.']),
  ];
}

const BASES = { consent: "each patient's consent", 'ehds-permit': 'a data permit, and patients may opt out' } as const;
const SILENCES = {
  deny: 'Patients of whom nothing is on file are left out',
  permit: 'Patients of whom nothing is on file are part of studies under a permit',
} as const;
const PLACEMENTS = {
  ledger: 'Every event stands on the channel',
  roots: 'Events stay in the hospital, and the channel holds a root of each batch',
} as const;

function purposeWords(code: string): string {
  return `${PURPOSE_WORDS[code] ?? duoEntry(code)?.label ?? 'a purpose that is not known here'} (${code})`;
}

function listed(
  what: string,
  before: readonly string[],
  after: readonly string[],
  words: (name: string) => string,
): string[] {
  const added = after.filter((name) => !before.includes(name)).sort();
  const gone = before.filter((name) => !after.includes(name)).sort();
  return [
    ...added.map((name) => `${what}, new: ${words(name)}.`),
    ...gone.map((name) => `${what}, no longer: ${words(name)}.`),
  ];
}

function changed<Name extends keyof ConsentPolicyText>(
  before: ConsentPolicyText,
  after: ConsentPolicyText,
  name: Name,
  sentence: (value: ConsentPolicyText[Name]) => string,
): string[] {
  return before[name] === after[name] ? [] : [`${sentence(after[name])}, since this version.`];
}
