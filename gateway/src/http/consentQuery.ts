/** What the queries of consents may say. A patient number never: those stand in bodies, which no log keeps. */
import { Ended } from '@consilium/client/resources';
import {
  ConsentKind,
  ConsentReason,
  ConsentRef,
  Digest,
  Instant,
  Msp,
  Role,
  RoundNumber,
  refusal,
  StudyId,
} from '@consilium/domain';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { requireAllowed } from './authorisation.js';
import { parsed } from './input.js';
import { PageQuery } from './paging.js';

/** An instant in a query: milliseconds since 1970, or RFC 3339 with its offset. */
const InstantText = z
  .string()
  .max(40)
  .transform((text, context) => {
    const at = /^\d{1,16}$/.test(text) ? Number(text) : isTimestamp(text) ? Date.parse(text) : Number.NaN;
    const instant = Instant.safeParse(at);
    if (instant.success) return instant.data;
    context.addIssue('an instant: milliseconds since 1970, or like 2026-11-25T10:02:00Z');
    return z.NEVER;
  });

function isTimestamp(text: string): boolean {
  return z.iso.datetime({ offset: true }).safeParse(text).success;
}

const Whole = z
  .string()
  .regex(/^\d{1,10}$/, 'a number in decimal digits')
  .transform(Number);

/** One or several: said again, or separated by commas. */
function several<Item extends z.ZodType<unknown, string>>(item: Item) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (Array.isArray(value) ? value : [value]).flatMap((text) => text.split(',')))
    .pipe(z.array(item).min(1).max(20));
}

const list = { ...PageQuery.shape, format: z.enum(['csv', 'ndjson', 'json']).optional() };

export const consentQueries = {
  events: z.strictObject({
    ...list,
    msp: Msp.optional(),
    kind: several(ConsentKind).optional(),
    reason: several(ConsentReason).optional(),
    role: several(Role).optional(),
    actor: z.string().min(1).max(500).optional(),
    policyVersion: Whole.optional(),
    restricts: z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .optional(),
    axis: z.enum(['recorded', 'effective']).default('recorded'),
    order: z.enum(['ascending', 'descending']).default('descending'),
    from: InstantText.optional(),
    to: InstantText.optional(),
  }),
  uses: z.strictObject({
    ...list,
    msp: Msp.optional(),
    study: StudyId.optional(),
    round: Whole.pipe(RoundNumber).optional(),
    root: Digest.optional(),
    policyVersion: Whole.optional(),
  }),
  policies: z.strictObject({ ...list, msp: Msp.optional() }),
  list: z.strictObject(list),
  effective: z.strictObject({ effectiveAt: InstantText.optional(), knownAt: InstantText.optional() }),
  withdrawals: z.strictObject({
    ...list,
    from: InstantText.optional(),
    to: InstantText.optional(),
    ended: Ended.optional(),
    /** First rounds of this study, in place of all. */
    study: StudyId.optional(),
  }),
  roundsAfter: z.strictObject({ ...list, ended: Ended.default('by-event') }),
  selections: z.strictObject({
    ...list,
    /** A day of UTC. */
    day: z.iso.date().optional(),
    study: StudyId.optional(),
    round: Whole.pipe(RoundNumber).optional(),
  }),
  decision: z.strictObject({ round: Whole.pipe(RoundNumber).optional() }),
  decisions: z.strictObject({ ...list, answer: z.enum(['allow', 'deny', 'abstain']).optional() }),
  reads: z.strictObject({
    ...list,
    ref: ConsentRef.optional(),
    from: InstantText.optional(),
    to: InstantText.optional(),
  }),
} as const;

/** @throws ConsiliumError INPUT_INVALID, also for a name that is none of the query's: a typing error must not widen it */
export function queryOf<Shape extends z.ZodType>(shape: Shape, request: Request): z.output<Shape> {
  return parsed(shape, request.query, 'query');
}

/**
 * Whose records are asked for: the own hospital's, or those of another by an auditor.
 * @throws ConsiliumError ROLE_REQUIRED
 */
export function hospitalAsked(response: Response, asked: Msp | undefined, own: Msp): Msp {
  if (asked !== undefined && asked !== own) requireAllowed(response, 'read consents of other hospitals');
  return asked ?? own;
}

/** The record that a path names. */
export function refIn(request: Request): ConsentRef {
  const ref = ConsentRef.safeParse(request.params.ref);
  if (!ref.success) throw refusal('INPUT_INVALID', { problems: 'ref: 32 lower case hexadecimal digits' });
  return ref.data;
}
