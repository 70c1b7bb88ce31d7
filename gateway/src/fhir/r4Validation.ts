/**
 * Is it valid R4? Structure, cardinalities and invariants by a validator over HL7's definitions; required codes, calendar
 * days, ids and choices by what follows it here. Not looked at: profiles, extensible bindings, and whether references lead
 * anywhere.
 */
import { OperationOutcomeError, validateResource } from '@medplum/core';
import { FhirInvalid, type FhirIssue, type IssueCode, requireNone } from './fhirIssue.js';
import type { Json } from './fhirTypes.js';
import { plainIssues } from './plainIssues.js';
import { R4_TYPES, r4Definitions } from './r4Definitions.js';
import { bindingIssues } from './requiredBindings.js';
import { requireResource } from './resourceShape.js';

type Found = Readonly<{ code?: string; details?: { text?: string }; expression?: readonly string[] }>;

/** What the validator says, and what is told of it: never a value that it quotes. */
const TEXTS: readonly (readonly [RegExp, IssueCode, string])[] = [
  [/^Missing required property/, 'required', 'is required'],
  [/^Invalid additional property/, 'structure', 'has a member that R4 does not define'],
  [/^Invalid JSON type/, 'structure', 'has another JSON type than R4 gives it'],
  [/^Expected array/, 'structure', 'is a list'],
  [/^Expected single/, 'structure', 'is no list'],
  [/^Invalid (null|empty)/, 'structure', 'is empty'],
  // A reference to something beside it (`urn:uuid:…`), or elsewhere, names no kind.
  [/^Invalid reference: got "[A-Z][A-Za-z]+"/, 'value', 'refers to another kind of resource than R4 allows'],
  [/^Conflicting choice/, 'structure', 'has two of a choice of elements, of which R4 allows one'],
  [/format$/, 'value', 'is not written as its type demands'],
  [/greater than|less than|Too many|Too few|out of range/i, 'value', 'is outside the number that R4 allows'],
];
const INVARIANT = /^Constraint ([a-z0-9-]+) not met: (.*)$/s;

/**
 * @param types kinds that are taken: of R4_TYPES
 * @throws FhirInvalid with all that is wrong
 */
export async function requireValidR4(value: unknown, types: readonly string[] = R4_TYPES): Promise<Json> {
  const resource = requireResource(value, types);
  const valueSets = await r4Definitions();
  requireNone(validatorIssues(resource));
  requireNone([
    ...bindingIssues(resource, resource.resourceType, valueSets),
    ...plainIssues(resource, resource.resourceType),
  ]);
  return resource;
}

function validatorIssues(resource: Json & { resourceType: string }): FhirIssue[] {
  try {
    const warnings = validateResource(resource as unknown as Parameters<typeof validateResource>[0]) as Found[];
    return warnings.map((found) => issueOf(found, resource.resourceType)).filter(({ text }) => text !== NOT_SAID);
  } catch (error) {
    if (error instanceof OperationOutcomeError)
      return (error.outcome.issue as Found[]).map((found) => issueOf(found, resource.resourceType));
    // What it stumbles over is the sender's: nothing of it is told.
    throw new FhirInvalid([{ code: 'structure', expression: resource.resourceType, text: NOT_SAID }]);
  }
}

const NOT_SAID = 'is not valid R4';
const UNNAMED: (typeof TEXTS)[number] = [/^/, 'structure', NOT_SAID];

function issueOf({ details, expression }: Found, type: string): FhirIssue {
  const said = details?.text ?? '';
  const place = expression?.[0] ?? type;
  const inside = place.startsWith(type) ? place : type;
  const [, key, human] = INVARIANT.exec(said) ?? [];
  if (key !== undefined) return { code: 'invariant', expression: inside, text: `${key}: ${human}` };
  const [, code, text] = TEXTS.find(([pattern]) => pattern.test(said)) ?? UNNAMED;
  // The name of a member that R4 does not define is the sender's own.
  const where = text === TEXTS[1]?.[2] ? inside.replace(/\.[^.]*$/s, '') : inside;
  return { code, expression: where, text };
}
