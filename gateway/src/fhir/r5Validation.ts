/** Is it valid R5? By schemas of our own: no package has R5's definitions. What is looked at stands in README.md. */
import type { z } from 'zod';
import { type FhirIssue, type IssueCode, requireNone } from './fhirIssue.js';
import type { Json } from './fhirTypes.js';
import { plainIssues } from './plainIssues.js';
import { R5AuditEventShape, R5ConsentShape } from './r5Resources.js';
import { requireResource } from './resourceShape.js';

const SHAPES: Readonly<Record<string, z.ZodType>> = { Consent: R5ConsentShape, AuditEvent: R5AuditEventShape };
export const R5_TYPES = Object.keys(SHAPES);

/** @throws FhirInvalid with all that is wrong */
export function requireValidR5(value: unknown, types: readonly string[] = R5_TYPES): Json {
  const resource = requireResource(value, types);
  const result = SHAPES[resource.resourceType]?.safeParse(resource, { reportInput: true });
  requireNone((result?.error?.issues ?? []).map((issue) => issueOf(issue, resource.resourceType)));
  requireNone(plainIssues(resource, resource.resourceType));
  return resource;
}

type ZodIssue = z.core.$ZodIssue;

function issueOf(issue: ZodIssue, type: string): FhirIssue {
  const { path, message } = issue;
  const expression = [type, ...path].reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
  const [code, text] = textOf(issue);
  return { code, expression, text: text ?? message };
}

/** Never the message of an issue that may quote what stands there. */
function textOf(issue: ZodIssue): readonly [IssueCode, string | undefined] {
  if (issue.code === 'unrecognized_keys') return ['structure', 'has a member that R5 does not define'];
  if (issue.code === 'invalid_type')
    return issue.input === undefined
      ? ['required', 'is required']
      : ['structure', 'has another JSON type than R5 gives it'];
  if (issue.code === 'invalid_value')
    return issue.input === undefined
      ? ['required', 'is required']
      : ['code-invalid', `is none of ${issue.values.map(String).join(', ')}`];
  if (issue.code === 'custom') return [/^[a-z]{3}-\d/.test(issue.message) ? 'invariant' : 'structure', undefined];
  if (issue.code === 'invalid_format') return ['value', undefined];
  if (issue.code === 'too_small') return [issue.message === 'is required' ? 'required' : 'structure', undefined];
  return ['structure', 'is not valid R5'];
}
