/** FHIR's dates, of any precision, against instants in milliseconds. A date without a time is a day in UTC. */
import type { Instant } from '@consilium/domain';

const DATE_TIME = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2}))?)?)?$/;

/** Where the stretch of time that a date names begins; undefined: not a date, or before 1970. */
export function instantOf(text: string): Instant | undefined {
  const [, year, month = '01', day = '01', time = '00:00:00', fraction = '', zone = 'Z'] = DATE_TIME.exec(text) ?? [];
  if (year === undefined || !isDay(Number(year), Number(month), Number(day))) return undefined;
  // A leap second is the last millisecond before it: there is no such instant.
  const milliseconds = Date.parse(
    `${year}-${month}-${day}T${time.replace(/:60$/, ':59')}${fraction.slice(0, 4)}${zone}`,
  );
  return Number.isNaN(milliseconds) || milliseconds < 0 ? undefined : (milliseconds as Instant);
}

/** Where it ends: FHIR's `end` of a day, a month or a year takes all of it in. What has a time ends there. */
export function instantAfter(text: string): Instant | undefined {
  const [, year, month, day, time] = DATE_TIME.exec(text) ?? [];
  if (time !== undefined) return instantOf(text);
  const start = instantOf(text);
  if (start === undefined) return undefined;
  const date = new Date(start);
  if (day !== undefined) date.setUTCDate(Number(day) + 1);
  else if (month !== undefined) date.setUTCMonth(Number(month));
  else date.setUTCFullYear(Number(year) + 1);
  return date.getTime() as Instant;
}

export const textOf = (instant: Instant): string => new Date(instant).toISOString();

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  // Date.UTC reads the years 0 to 99 as 1900 to 1999.
  return year >= 100 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
