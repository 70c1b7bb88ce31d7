/** R4's `scope`, which R5 does not have: what a consent is about. */
import type { ElementReader } from './elementReader.js';
import { type Concept, isJson } from './fhirTypes.js';
import { CONSENT_CATEGORY_SYSTEM, CONSENT_SCOPE_SYSTEM } from './systems.js';

/** What stands in R4 for a consent that came as R5, which has no scope. */
export const RESEARCH_SCOPE: Concept = { coding: [{ system: CONSENT_SCOPE_SYSTEM, code: 'research' }] };
/** What stands for a consent that came as R5 without a category, which R4 demands. */
export const RESEARCH_CATEGORY: Concept = { coding: [{ system: CONSENT_CATEGORY_SYSTEM, code: 'research' }] };

/** Advance directives (`adr`) and consents to a treatment say nothing of the use of data. */
const UNDERSTOOD = ['research', 'patient-privacy'];

export function readScope(scope: unknown, consent: ElementReader): Concept {
  const { coding } = (isJson(scope) ? scope : {}) as Concept;
  const isUnderstood = coding?.some(
    ({ system, code }) => system === CONSENT_SCOPE_SYSTEM && code !== undefined && UNDERSTOOD.includes(code),
  );
  if (!isUnderstood)
    consent.problem(
      'not-supported',
      `scopes understood here: ${UNDERSTOOD.join(', ')} of ${CONSENT_SCOPE_SYSTEM}`,
      'scope',
    );
  return isJson(scope) ? (scope as Concept) : RESEARCH_SCOPE;
}
