/** What modifiers of a consent or a policy ask of a study. Each gives a finding only where it stands against the use. */

import { abstains, denies, type Finding } from './decision.js';
import { DUO, duoEntry } from './duo.js';
import type { Instant } from './ids.js';
import type { StudyProtocol } from './study.js';
import { StudyUse } from './studyConsent.js';

/** The use that is asked for. */
export type AskedUse = Readonly<{
  use: StudyUse;
  purposes: readonly string[];
  /** When the data would be used. */
  at: Instant;
  /** When the consent began: months of a time limit run from here. */
  since: Instant;
}>;

const NO_USE: StudyUse = StudyUse.parse({});

/** What a protocol says about its use; without a word, nothing. */
export function useOf({ consent }: Pick<StudyProtocol, 'consent'>): StudyUse {
  return consent?.use ?? NO_USE;
}

/** Whether the study looks at origins or ancestry, by its purposes or by its own word. */
function asksForAncestry({ use, purposes }: Pick<AskedUse, 'use' | 'purposes'>): boolean {
  return use.ancestryResearch || purposes.includes(DUO.POA);
}

type Rule = (values: readonly string[], asked: AskedUse) => Finding | undefined;

/** A condition that a study meets or does not. */
function asks(meets: (asked: AskedUse) => boolean, code: string, text: string): Rule {
  return (_, asked) => (meets(asked) ? undefined : denies(code, text));
}

/** Everything that the study names must be among what is named here, and it must name something. */
function within(named: (use: StudyUse) => readonly string[], code: string, what: string): Rule {
  return (values, { use }) => {
    const wanted = named(use);
    if (wanted.length === 0)
      return abstains(
        `${code}-untold`,
        `Use is limited to certain ${what}, and the study does not say which are its own.`,
      );
    if (wanted.every((each) => values.includes(each))) return undefined;
    return denies(`${code}-other`, `Use is limited to certain ${what}, and the study has others.`);
  };
}

const forProfitUsers = denies(
  'for-profit-users',
  'Only not-for-profit organisations may use the data, and the study has other users.',
);
const commercialUse = denies(
  'commercial-use',
  'The data may not be used commercially, and the study is a commercial use.',
);

const RULES: Readonly<Record<string, Rule>> = {
  [DUO.NPU]: (_, { use }) => (use.notForProfitUsers ? undefined : forProfitUsers),
  [DUO.NCU]: (_, { use }) => (use.commercial ? commercialUse : undefined),
  [DUO.NPUNCU]: (_, { use }) => (use.notForProfitUsers ? (use.commercial ? commercialUse : undefined) : forProfitUsers),
  [DUO.IRB]: asks(
    ({ use }) => use.ethicsApproval,
    'ethics-approval-missing',
    'An ethics board must have approved the study, and the study does not say that one has.',
  ),
  [DUO.PUB]: asks(
    ({ use }) => use.publishes,
    'publication-missing',
    'Results must be published, and the study does not promise it.',
  ),
  [DUO.COL]: asks(
    ({ use }) => use.collaboration,
    'collaboration-missing',
    'The study must work together with those who collected the data, and does not say that it does.',
  ),
  [DUO.RTN]: asks(
    ({ use }) => use.returnsResults,
    'return-missing',
    'What is found must be returned to the hospital, and the study does not promise it.',
  ),
  [DUO.NMDS]: asks(
    ({ use }) => !use.methodsDevelopment,
    'methods-research',
    'The data may not be used to develop methods or software, and the study does so.',
  ),
  [DUO.GSO]: asks(
    ({ use }) => use.geneticStudy,
    'not-genetic',
    'The data may be used in genetic studies only, and this is none.',
  ),
  [DUO.NPOA]: asks(
    (asked) => !asksForAncestry(asked),
    'ancestry-prohibited',
    'The data may not be used to study origins or ancestry, and the study does so.',
  ),
  [DUO.GS]: within((use) => use.regions, 'region', 'countries'),
  [DUO.US]: within((use) => use.users, 'user', 'users'),
  [DUO.PS]: within((use) => use.projects, 'project', 'projects'),
  [DUO.IS]: within((use) => use.institutions, 'institution', 'institutions'),
  [DUO.RS]: within((use) => use.researchTypes, 'research-type', 'kinds of research'),
  [DUO.TS]: timeLimit,
  [DUO.MOR]: moratorium,
};

/**
 * What a term that is no permission has against the use; undefined: nothing.
 * @param code of a modifier or an extension; any other abstains, for nobody can tell what it means
 */
export function restrictionOf(code: string, values: readonly string[], asked: AskedUse): Finding | undefined {
  const [entry, rule] = [duoEntry(code), RULES[code]];
  // It allows more, whatever it names: it stands against nothing.
  if (entry?.kind === 'extension') return undefined;
  if (!entry || !rule || !Object.hasOwn(RULES, code))
    return abstains('code-unknown', `What ${code} asks is not known here, so a person must decide.`);
  const told = values.length > 0;
  if (told === (entry.values === 'none')) return unreadable(entry.label);
  return rule(values, asked);
}

/** Months by the calendar, in UTC; a month that lacks the day ends with its last one. The shortest of several counts. */
function timeLimit(values: readonly string[], { since, at }: AskedUse): Finding | undefined {
  if (!values.every((months) => /^[1-9]\d{0,3}$/.test(months))) return unreadable('time limit on use');
  const months = Math.min(...values.map(Number));
  if (at < monthsAfter(since, months)) return undefined;
  return denies('time-limit-over', 'Use was limited to a number of months, and they are over.');
}

/** So many months later by the calendar. */
export function monthsAfter(instant: Instant, months: number): number {
  const date = new Date(instant);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const daysInMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, daysInMonth));
  return date.getTime();
}

/** The latest of several dates counts. */
function moratorium(values: readonly string[], { use, at }: AskedUse): Finding | undefined {
  const dates = values.map(dateOf);
  if (dates.some(Number.isNaN)) return unreadable('publication moratorium');
  const earliest = Math.max(use.publishesNotBefore ?? at, at);
  if (!use.publishes || earliest >= Math.max(...dates)) return undefined;
  return denies(
    'publication-too-early',
    'Results may not be published before a certain date, and the study may do so.',
  );
}

const DATE = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** A day as `2027-01-31`, from its first instant in UTC on, or an instant with a time zone; NaN: neither. */
function dateOf(text: string): number {
  const day = DATE.exec(text)?.[1];
  // JavaScript takes 30 February for 2 March.
  const start = day === undefined ? Number.NaN : Date.parse(day);
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day) return Number.NaN;
  return Date.parse(text);
}

function unreadable(label: string): Finding {
  return abstains(
    'term-unreadable',
    `The consent has a condition (${label}) that cannot be read, so a person must decide.`,
  );
}
