/** What holds in both versions and neither validator looks at: ids, days of the calendar, and periods. */
import type { FhirIssue } from './fhirIssue.js';
import { instantOf } from './fhirTime.js';
import { isJson, type Json } from './fhirTypes.js';

const ID = /^[A-Za-z0-9.-]{1,64}$/;
const DAY = /^\d{4}-\d{2}-\d{2}/;

/** Problems anywhere in the resource. */
export function plainIssues(value: Json, path: string): FhirIssue[] {
  const issues: FhirIssue[] = [];
  for (const [name, member] of Object.entries(value)) {
    const items = Array.isArray(member) ? member : [member];
    for (const [at, item] of items.entries()) {
      const place = `${path}.${name}${Array.isArray(member) ? `[${at}]` : ''}`;
      if (name === 'id' && !ID.test(String(item)) && 'resourceType' in value)
        issues.push({ code: 'value', expression: place, text: 'is no FHIR id' });
      if (isDateName(name) && typeof item === 'string' && DAY.test(item) && isNoDay(item))
        issues.push({ code: 'value', expression: place, text: 'is no day of the calendar' });
      if (isJson(item)) issues.push(...plainIssues(item, place));
    }
  }
  const { start, end } = value;
  if (typeof start === 'string' && typeof end === 'string' && endsBefore(start, end))
    issues.push({ code: 'invariant', expression: path, text: 'per-1: a period does not end before it starts' });
  return issues;
}

const isDateName = (name: string): boolean =>
  /(?:date|time|start|end|recorded|authored|period|created|indexed)$/i.test(name);

function isNoDay(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day || month < 1 || month > 12;
}

function endsBefore(start: string, end: string): boolean {
  const [from, to] = [instantOf(start), instantOf(end)];
  return from !== undefined && to !== undefined && to < from && !end.startsWith(start) && !start.startsWith(end);
}
