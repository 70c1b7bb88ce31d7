import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from './answer.js';

const FILE = join(import.meta.dirname, '../accepted.json');

/** A case that the embedded channel answers otherwise than real Fabric, and why that is so. */
export interface AcceptedDifference {
  /** Name of the case. */
  readonly case: string;
  readonly reason: string;
  /** What the embedded channel answers: any other answer is a failure, too. */
  readonly embedded: Answer;
}

export function readAcceptedDifferences(): AcceptedDifference[] {
  return JSON.parse(readFileSync(FILE, 'utf8')) as AcceptedDifference[];
}
