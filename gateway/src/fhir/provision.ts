/**
 * What a provision allows, read from either version and written to either. A rule that permits becomes terms; an exception to
 * it only where DUO has a modifier that says the same. Whatever else narrows a rule is refused by its name: a condition
 * that nobody looks at would let through what the patient kept out.
 */
import { type ConsentTerm, DataClass, DUO, type Instant, isPermission } from '@consilium/domain';
import { codingOf, codingsIn, termOf } from './duoTerms.js';
import type { ElementReader } from './elementReader.js';
import { instantAfter, instantOf, textOf } from './fhirTime.js';
import { type FhirVersion, isJson, type Json, type Reference } from './fhirTypes.js';
import { CONSENT_ACTION_SYSTEM, DATA_CLASS_SYSTEM, DUO_SYSTEM, PARTICIPATION_SYSTEM, RECIPIENT } from './systems.js';

export type Rule = Readonly<{
  terms: readonly ConsentTerm[];
  actions: readonly string[];
  dataClasses: readonly DataClass[];
}>;
export const NOTHING_SAID: Rule = { terms: [], actions: [], dataClasses: [] };
export type Validity = Readonly<{ validFrom: Instant | null; validTo: Instant | null }>;

const ACTIONS = ['collect', 'access', 'use', 'disclose', 'correct'];
/** What is denied, and the modifier that says so. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  [DUO.POA]: DUO.NPOA,
  // Kinds of studies: developing methods; populations; ancestry.
  'DUO:0000031': DUO.NMDS,
  'DUO:0000032': DUO.NPOA,
  'DUO:0000033': DUO.NPOA,
};
const CLASS_ELEMENT: Readonly<Record<FhirVersion, string>> = { '4.0': 'class', '5.0': 'resourceType' };

/** Reads `purpose`, `code`, `actor`, `action`, the classes of data, and the exceptions of a rule that permits. */
export function readRule(rule: ElementReader, version: FhirVersion): Rule {
  const permissions = rule
    .items('purpose')
    .map((coding, at) => termOf(coding, rule, `purpose[${at}]`))
    .filter((term) => term !== undefined);
  const codes = codingsIn(rule.items('code'), 'code')
    .map(({ coding, place }) => termOf(coding, rule, place))
    .filter((term) => term !== undefined);
  const name = CLASS_ELEMENT[version];
  return {
    terms: [...permissions, ...codes, ...readActors(rule), ...readExceptions(rule, version)],
    actions: readActions(rule),
    dataClasses: rule.items(name).flatMap((coding, at) => readDataClass(coding, rule, `${name}[${at}]`)),
  };
}

/** Reads a `period`; its bounds are the stricter ones where more than one is given. */
export function readPeriod(holder: ElementReader | undefined, outer?: Validity): Validity {
  const period = holder?.child('period');
  const [start, end] = [period?.text('start'), period?.text('end')];
  const from = start === undefined ? undefined : instantOf(start);
  const to = end === undefined ? undefined : instantAfter(end);
  if (start !== undefined && from === undefined) period?.problem('value', 'is no date from 1970 on', 'start');
  if (end !== undefined && to === undefined) period?.problem('value', 'is no date from 1970 on', 'end');
  if (from !== undefined && to !== undefined && to < from)
    period?.problem('invariant', 'per-1: a period does not end before it starts');
  return {
    validFrom: stricter(Math.max, from, outer?.validFrom),
    validTo: stricter(Math.min, to, outer?.validTo),
  };
}

function stricter(
  pick: (a: number, b: number) => number,
  a: Instant | undefined,
  b: Instant | null | undefined,
): Instant | null {
  if (a === undefined) return b ?? null;
  return b === undefined || b === null ? a : (pick(a, b) as Instant);
}

export function writePeriod({ validFrom, validTo }: Validity): Json | undefined {
  if (validFrom === null && validTo === null) return undefined;
  return {
    ...(validFrom === null ? {} : { start: textOf(validFrom) }),
    ...(validTo === null ? {} : { end: textOf(validTo) }),
  };
}

/** The elements of a rule; none where it has no condition at all. */
export function writeRule({ terms, actions, dataClasses }: Rule, version: FhirVersion): Json | undefined {
  const actors = [actorsOf(terms, DUO.IS, 'Organization'), actorsOf(terms, DUO.US, 'Practitioner')];
  const others = terms.filter((term) => !actors.some((group) => group?.term === term));
  const purposes = others.filter(({ code }) => isPermission(code));
  const codes = others.filter(({ code }) => !isPermission(code));
  const written: Json = {
    ...listed(
      'actor',
      actors.flatMap((group) => group?.actors ?? []),
    ),
    ...listed(
      'action',
      actions.map((code) => ({ coding: [{ system: CONSENT_ACTION_SYSTEM, code }] })),
    ),
    ...listed('purpose', purposes.map(codingOf)),
    ...listed(
      CLASS_ELEMENT[version],
      dataClasses.map((code) => ({ system: DATA_CLASS_SYSTEM, code })),
    ),
    ...listed(
      'code',
      codes.map((term) => ({ coding: [codingOf(term)] })),
    ),
  };
  return Object.keys(written).length === 0 ? undefined : written;
}

export function listed(name: string, items: readonly unknown[]): Json {
  return items.length === 0 ? {} : { [name]: items };
}

/** A recipient who is named is a term of DUO: only these institutions, or only these users. */
function readActors(rule: ElementReader): ConsentTerm[] {
  const institutions: string[] = [];
  const users: string[] = [];
  for (const actor of rule.children('actor')) {
    const { coding } = (isJson(actor.raw('role')) ? actor.raw('role') : {}) as Json;
    const isRecipient = (Array.isArray(coding) ? coding : []).some(
      (one) => isJson(one) && one.system === PARTICIPATION_SYSTEM && one.code === RECIPIENT,
    );
    if (!isRecipient) actor.problem('not-supported', `the one role understood is ${RECIPIENT}, who receives`, 'role');
    const reference = (isJson(actor.raw('reference')) ? actor.raw('reference') : {}) as Reference;
    const { system, value } = reference.identifier ?? {};
    const text = system === undefined ? value : `${system}|${value}`;
    if (value === undefined || text === undefined || text.length > 100 || 'reference' in reference) {
      actor.problem('not-supported', 'an actor is named by an identifier of 100 characters at most', 'reference');
    } else if (reference.type === 'Practitioner' || reference.type === 'PractitionerRole') users.push(text);
    else institutions.push(text);
  }
  return [
    ...(institutions.length > 0 ? [{ code: DUO.IS, values: institutions }] : []),
    ...(users.length > 0 ? [{ code: DUO.US, values: users }] : []),
  ];
}

/** The term as actors, where it stands once and names somebody. */
function actorsOf(terms: readonly ConsentTerm[], code: string, type: 'Organization' | 'Practitioner') {
  const [term, another] = terms.filter((one) => one.code === code);
  if (!term || another || term.values.length === 0) return undefined;
  const actors = term.values.map((text) => {
    const [, system, value] = /^([^|\s]+)\|([\s\S]+)$/.exec(text) ?? [];
    const identifier = system === undefined ? { value: text } : { system, value };
    return { role: { coding: [{ system: PARTICIPATION_SYSTEM, code: RECIPIENT }] }, reference: { type, identifier } };
  });
  return { term, actors };
}

function readActions(rule: ElementReader): string[] {
  const actions = codingsIn(rule.items('action'), 'action').flatMap(({ coding, place }) => {
    const { system, code } = (isJson(coding) ? coding : {}) as Json;
    if (system === CONSENT_ACTION_SYSTEM && typeof code === 'string' && ACTIONS.includes(code)) return [code];
    rule.problem('not-supported', `only codes of ${CONSENT_ACTION_SYSTEM} are understood`, place);
    return [];
  });
  if (actions.length > 0 && !actions.includes('use'))
    rule.problem('not-supported', 'does not name "use": training is a use, and nothing else is asked here', 'action');
  return actions;
}

function readDataClass(coding: unknown, rule: ElementReader, name: string): DataClass[] {
  const { system, code } = (isJson(coding) ? coding : {}) as Json;
  const found = DataClass.safeParse(code);
  if (system === DATA_CLASS_SYSTEM && found.success) return [found.data];
  rule.problem('not-supported', `only codes of ${DATA_CLASS_SYSTEM} are understood`, name);
  return [];
}

/** Nested rules, which R4 marks as denying and R5 takes for the contrary of what they are in. */
function readExceptions(rule: ElementReader, version: FhirVersion): ConsentTerm[] {
  const codes = new Set<string>();
  for (const exception of rule.children('provision')) {
    if (version === '4.0' && exception.text('type') !== 'deny')
      exception.problem('not-supported', 'an exception to what is permitted denies', 'type');
    const purposes = exception.items('purpose');
    if (purposes.length === 0)
      exception.problem('not-supported', 'an exception is understood by its purposes alone: it names none');
    for (const [at, coding] of purposes.entries()) {
      const { system, code } = (isJson(coding) ? coding : {}) as Json;
      const modifier = system === DUO_SYSTEM && typeof code === 'string' ? EXCEPTIONS[code] : undefined;
      if (modifier) codes.add(modifier);
      else
        exception.problem(
          'not-supported',
          `exceptions are understood for ${Object.keys(EXCEPTIONS).join(', ')} alone`,
          `purpose[${at}]`,
        );
    }
  }
  return [...codes].map((code) => ({ code, values: [] }));
}
