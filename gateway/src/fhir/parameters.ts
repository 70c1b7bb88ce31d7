/** The `Parameters` of an operation: each by its name, as often as the operation says. */
import { FhirInvalid, type FhirIssue, requireNone } from './fhirIssue.js';
import { isJson, type Json, type Reference } from './fhirTypes.js';
import { requireValidR4 } from './r4Validation.js';

export type ParameterRule = Readonly<{ required: boolean; takes: 'resource' | 'valueReference' }>;

/**
 * @param rules by name; each stands once at most
 * @throws FhirInvalid for unknown, missing and repeated parameters
 */
export async function readParameters<Name extends string>(
  value: unknown,
  rules: Readonly<Record<Name, ParameterRule>>,
): Promise<Partial<Record<Name, Json>>> {
  const { parameter = [] } = (await requireValidR4(value, ['Parameters'])) as { parameter?: Json[] };
  const issues: FhirIssue[] = [];
  const found: Partial<Record<Name, Json>> = {};
  for (const [at, one] of parameter.entries()) {
    const place = `Parameters.parameter[${at}]`;
    const name = (Object.keys(rules) as Name[]).find((known) => known === one.name);
    if (!name) {
      issues.push({
        code: 'not-supported',
        expression: `${place}.name`,
        text: `is none of ${Object.keys(rules).join(', ')}`,
      });
      continue;
    }
    const { takes } = rules[name];
    const content = one[takes];
    if (name in found) issues.push({ code: 'structure', expression: place, text: `${name} stands once` });
    else if (isJson(content)) found[name] = content;
    else issues.push({ code: 'required', expression: `${place}.${takes}`, text: `${name} takes a ${takes}` });
  }
  for (const name of Object.keys(rules) as Name[])
    if (rules[name].required && !(name in found) && issues.length === 0)
      issues.push({ code: 'required', expression: 'Parameters.parameter', text: `${name} is required` });
  requireNone(issues);
  return found;
}

export const asReference = (value: Json | undefined): Reference => (value ?? {}) as Reference;

export function unknownConsent(expression: string): FhirInvalid {
  return new FhirInvalid([{ code: 'not-found', expression, text: 'no such consent of this patient is on file here' }]);
}
