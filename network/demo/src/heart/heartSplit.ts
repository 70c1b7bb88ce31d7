/** Which lines of the four files train and which test: the split of the FLamby benchmark, by line number alone. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { HeartKey } from './heartHospitals.js';

/** Lines from 1, single and as inclusive ranges: `1-5,7`. */
export type SplitLines = Readonly<{ trainLines: string; testLines: string }>;

const FILE = fileURLToPath(new URL('../../heart/split.json', import.meta.url));

/**
 * Of the rows without a missing value in the ten columns that FLamby (arXiv 2210.04620) uses, 34 % test, seed 43,
 * stratified by label where a class has rows enough.
 */
export async function readHeartSplit(): Promise<Readonly<Record<HeartKey, SplitLines>>> {
  return JSON.parse(await readFile(FILE, 'utf8'));
}

/** Every line of a list, in its order. */
export function linesOf(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [start, end] = part.split('-').map(Number) as [number, number?];
    return Array.from({ length: (end ?? start) - start + 1 }, (_, k) => start + k);
  });
}
