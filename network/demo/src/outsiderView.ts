/** What somebody who reads everything between the hospitals sees of one update, beside the sum that all of them open. */
import { VerificationReport } from '@consilium/client';
import type { DemoHospital } from './hospitals.js';

const COLUMN = 12;

/**
 * Read through one hospital's gateway, which recomputes the round to tell it.
 * @returns lines for the console; none where the round's sum did not open
 */
export async function outsiderView(
  hospitals: readonly DemoHospital[],
  study: string,
  round: number,
  signal: AbortSignal,
): Promise<string[]> {
  const reader = (hospitals[0] as DemoHospital).as('researcher');
  const job = await reader.verifyRound(study, round, { signal });
  const { excerpt } = await reader.jobResult(VerificationReport, job, { signal });
  const shown = hospitals.find(({ msp }) => excerpt?.vectors[msp]);
  if (!excerpt?.sum || !shown) return [];
  return [
    line(`an outsider sees of ${shown.name}’s update`, excerpt.vectors[shown.msp] ?? [], 'noise, under masks'),
    line(`all hospitals see of the sum of ${Object.keys(excerpt.vectors).length}`, excerpt.sum, 'opened together'),
  ];
}

function line(name: string, elements: readonly number[], comment: string): string {
  const numbers = elements.slice(0, 4).map((element) => String(element).padStart(COLUMN));
  return `       ${name.padEnd(36)}${numbers.join('')} …  ${comment}`;
}
