/** What is looked at before anything else: that it is a resource, of a kind that is taken here, and not too deep. */

import { FhirInvalid } from './fhirIssue.js';
import { RESOURCE_DEPTH_MAX } from './fhirLimits.js';
import { isJson, type Json } from './fhirTypes.js';

/** Member names that JavaScript gives a meaning of its own. */
const NAMES_REFUSED = ['__proto__', 'constructor', 'prototype'];

/**
 * @param types kinds of resources that are taken
 * @throws FhirInvalid
 */
export function requireResource(value: unknown, types: readonly string[]): Json & { resourceType: string } {
  if (!isJson(value)) throw refused('structure', 'not a JSON object');
  const { resourceType } = value;
  if (typeof resourceType !== 'string' || !types.includes(resourceType))
    throw refused('not-supported', `resourceType is to be ${types.join(' or ')}`);
  requireShallow(value, 0);
  return value as Json & { resourceType: string };
}

function requireShallow(value: unknown, depth: number): void {
  // JSON's escapes can write half a character: no hash and no file takes it.
  if (typeof value === 'string' && !value.isWellFormed()) throw refused('structure', 'holds a lone surrogate');
  if (typeof value !== 'object' || value === null) return;
  if (depth >= RESOURCE_DEPTH_MAX) throw refused('too-long', `nested deeper than ${RESOURCE_DEPTH_MAX}`);
  if (!Array.isArray(value) && Object.keys(value).some((name) => NAMES_REFUSED.includes(name) || !name.isWellFormed()))
    throw refused('structure', 'has a member that FHIR does not define');
  for (const item of Object.values(value)) requireShallow(item, depth + 1);
}

function refused(code: 'structure' | 'not-supported' | 'too-long', text: string): FhirInvalid {
  return new FhirInvalid([{ code, expression: '', text }]);
}
