/** What comes in is parsed at the border: a refusal names each thing that is wrong, and quotes nothing. */
import { RoundNumber, refusal, StudyId } from '@consilium/domain';
import type { Request } from 'express';
import { z } from 'zod';
import { PROBLEMS_TOLD_MAX } from './apiLimits.js';

/** @throws ConsiliumError INPUT_INVALID */
export function parsed<Shape extends z.ZodType>(shape: Shape, value: unknown, what: string): z.output<Shape> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues
    .slice(0, PROBLEMS_TOLD_MAX)
    .map(({ path, message }) => `${[what, ...path.map(String)].join('.')}: ${message}`)
    .join('; ');
  throw refusal('INPUT_INVALID', { problems });
}

/** The JSON body. */
export function bodyOf<Shape extends z.ZodType>(shape: Shape, request: Request): z.output<Shape> {
  if (request.body === undefined)
    throw refusal('INPUT_INVALID', { problems: 'send JSON, with the header "content-type: application/json"' });
  return parsed(shape, request.body, 'body');
}

const DecimalNumber = z
  .string()
  .regex(/^\d{1,10}$/, 'a number in decimal digits')
  .transform(Number)
  .pipe(RoundNumber);
const TransactionId = z.string().regex(/^[0-9a-f]{64}$/, 'a transaction id: 64 lower case hexadecimal digits');

export const parameter = {
  study: (request: Request): StudyId => parsed(StudyId, request.params.study, 'study'),
  round: (request: Request): number => parsed(DecimalNumber, request.params.round, 'round'),
  version: (request: Request): number => parsed(DecimalNumber, request.params.version, 'version'),
  /** The number of a selection of patients. */
  selection: (request: Request): number => parsed(DecimalNumber, request.params.selection, 'selection'),
  /** The number of an event in its record. */
  seq: (request: Request): number => parsed(DecimalNumber, request.params.seq, 'seq'),
  transactionId: (request: Request): string => parsed(TransactionId, request.params.transactionId, 'transaction id'),
  job: (request: Request): string => parsed(z.string().max(100), request.params.job, 'job'),
} as const;
