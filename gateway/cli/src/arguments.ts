/** What people write on the command line, as the API takes it. */
import { readFile, writeFile } from 'node:fs/promises';
import { text as allOf } from 'node:stream/consumers';
import { InvalidArgumentError } from 'commander';

/** Help of an option that takes an instant. */
export const INSTANT_HELP = 'an instant: 2026-11-25T10:02:00Z, 2026-11-25, or milliseconds since 1970';

/** Milliseconds since 1970. */
export function instant(text: string): number {
  const at = /^\d{5,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isSafeInteger(at) || at < 0) throw new InvalidArgumentError(`${text} is not ${INSTANT_HELP}`);
  return at;
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError(`${text} is not a number in decimal digits`);
  return Number(text);
}

/** `2026-11-25 10:02:00`, in UTC; a dash where there is none. */
export function timeText(at: number | null | undefined): string {
  return at === null || at === undefined ? '-' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

export const PATIENT_HELP =
  'the hospital’s own patient number; "-" reads it from standard input, so that it stands in no list of processes';

/** A patient number, from the command line or from standard input. */
export async function patientNumber(given: string): Promise<string> {
  const number = given === '-' ? (await allOf(process.stdin)).trim() : given;
  if (number === '') throw new InvalidArgumentError('the patient number is empty');
  return number;
}

/** @throws InvalidArgumentError that names the file */
export async function jsonFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new InvalidArgumentError(`${file} cannot be read as JSON: ${(error as Error).message}`);
  }
}

/** Files about patients are for who asked alone. */
export async function privateFile(file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(file, bytes, { mode: 0o600 });
}
