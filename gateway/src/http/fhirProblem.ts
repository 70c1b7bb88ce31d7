/** Errors as FHIR answers them: an OperationOutcome, of the same codes and statuses as everywhere else. */
import { type ConsiliumError, refusal } from '@consilium/domain';
import type { ErrorRequestHandler } from 'express';
import type { Log } from '../agent/ports.js';
import { FhirInvalid, type FhirIssue, type IssueCode, outcomeOf } from '../fhir/fhirIssue.js';
import { sendFhir } from './fhirMedia.js';
import { problemOf } from './problem.js';

const ISSUE_CODE: Readonly<Record<number, IssueCode>> = {
  400: 'value',
  401: 'login',
  403: 'forbidden',
  404: 'not-found',
  406: 'not-supported',
  409: 'conflict',
  413: 'too-long',
  415: 'not-supported',
  429: 'throttled',
  503: 'transient',
};
const ERROR_SYSTEM = 'urn:consilium:error';

export function answerOutcomes(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent || response.destroyed) {
      next(error);
      return;
    }
    const { status, code, detail } = problemOf(tooLarge(error) ?? error, log);
    if (status === 401) response.setHeader('www-authenticate', 'Bearer');
    if (error instanceof FhirInvalid) {
      sendFhir(response, statusOf(error.issues), outcomeOf(error.issues));
      return;
    }
    const issue = outcomeOf([{ code: ISSUE_CODE[status] ?? 'exception', expression: '', text: detail }]);
    const [first] = issue.issue;
    if (first) first.details = { coding: [{ system: ERROR_SYSTEM, code }], text: detail };
    sendFhir(response, status, issue);
  };
}

/** A body over the limit of its own route. */
function tooLarge(error: unknown): ConsiliumError | undefined {
  const { type, limit } = (error ?? {}) as { type?: unknown; limit?: unknown };
  return type === 'entity.too.large' && typeof limit === 'number'
    ? refusal('BODY_TOO_LARGE', { bytesMax: limit })
    : undefined;
}

/** 404 for what is not on file; 422 for what is valid FHIR, and not taken; 400 for what is not valid. */
function statusOf(issues: readonly FhirIssue[]): number {
  if (issues.every(({ code }) => code === 'not-found')) return 404;
  return issues.every(({ code }) => code === 'business-rule' || code === 'not-supported') ? 422 : 400;
}
