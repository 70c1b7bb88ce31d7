/** Search parameters: what is not known is refused, never ignored, or a search would find more than was asked for. */
import { refusal } from '@consilium/domain';
import type { Request } from 'express';
import { FhirInvalid } from '../fhir/fhirIssue.js';
import { SEARCH_RESULTS_MAX } from '../fhir/fhirLimits.js';
import type { Reference } from '../fhir/fhirTypes.js';
import { numberIn } from '../fhir/patientNumber.js';
import type { FhirHospital } from '../fhir/ports.js';

const QUERY_CHARACTERS_MAX = 500;

/** The values of a request's parameters, each given once. @throws ConsiliumError INPUT_INVALID */
export function searchOf<Name extends string>(
  request: Request,
  known: readonly Name[],
): Readonly<Partial<Record<Name | '_count' | '_offset', string>>> {
  const allowed: readonly string[] = [...known, '_count', '_offset', '_format'];
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.query)) {
    if (!allowed.includes(name))
      throw refusal('INPUT_INVALID', { problems: `query: the parameters here are ${allowed.join(', ')}` });
    if (typeof value !== 'string' || value.length > QUERY_CHARACTERS_MAX)
      throw refusal('INPUT_INVALID', {
        problems: `query.${name}: stands once, with ${QUERY_CHARACTERS_MAX} characters at most`,
      });
    found[name] = value;
  }
  return found as Partial<Record<Name | '_count' | '_offset', string>>;
}

export type Slice = Readonly<{ count: number; offset: number }>;

export function sliceOf({ _count = '50', _offset = '0' }: Readonly<{ _count?: string; _offset?: string }>): Slice {
  const isNumber = (text: string) => /^\d{1,6}$/.test(text);
  if (!isNumber(_count) || !isNumber(_offset) || Number(_count) > SEARCH_RESULTS_MAX || Number(_count) < 1)
    throw refusal('INPUT_INVALID', {
      problems: `query._count: 1 to ${SEARCH_RESULTS_MAX}; query._offset: a number in decimal digits`,
    });
  return { count: Number(_count), offset: Number(_offset) };
}

/** The patient whom `patient`, or `patientId`, names. @throws FhirInvalid */
export function patientIn(text: string, hospital: FhirHospital): string {
  const bar = text.lastIndexOf('|');
  const reference: Reference =
    bar >= 0
      ? { identifier: { ...(bar > 0 ? { system: text.slice(0, bar) } : {}), value: text.slice(bar + 1) } }
      : text.startsWith('Patient/')
        ? { reference: text }
        : { identifier: { value: text } };
  const found = numberIn(reference, hospital.patientSystem, 'patient');
  if ('issue' in found) throw new FhirInvalid([found.issue]);
  return found.number;
}
