/** Errors as answers: RFC 9457, `application/problem+json`. The one place that knows a status for each kind. */
import { randomUUID } from 'node:crypto';
import type { Problem } from '@consilium/client/resources';
import { ConsiliumError, type ErrorCode, type ErrorKind, REQUEST_BODY_BYTES_MAX, refusal } from '@consilium/domain';
import type { ErrorRequestHandler } from 'express';
import type { Log } from '../agent/ports.js';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  forbidden: 403,
  missing: 404,
  conflict: 409,
  limit: 413,
  unavailable: 503,
};
const TITLE: Readonly<Record<ErrorKind, string>> = {
  invalid: 'The request is not valid',
  forbidden: 'Not allowed',
  missing: 'Not found',
  conflict: 'In conflict with what is recorded',
  limit: 'Over a limit',
  unavailable: 'Not available now',
};
/** Codes whose kind does not say which of two statuses it is. */
const OWN_STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  TOO_MANY_REQUESTS: 429,
  JOBS_TOO_MANY: 429,
  PACKS_TOO_MANY: 429,
  EVENT_STREAMS_TOO_MANY: 429,
  FHIR_MEDIA_NOT_ACCEPTABLE: 406,
  FHIR_MEDIA_UNSUPPORTED: 415,
  INTERNAL: 500,
};

/** An error that is not in the catalogue becomes INTERNAL with a reference into the log, where it is written. */
export function problemOf(error: unknown, log: Log): Problem {
  const known = error instanceof ConsiliumError ? error : refusalOfExpress(error);
  if (known) return problemOfRefusal(known);
  const reference = randomUUID();
  log.error({ error, reference }, 'unexpected error');
  return problemOfRefusal(refusal('INTERNAL', { reference }));
}

function problemOfRefusal(refused: ConsiliumError): Problem {
  const { code, kind, detail } = refused;
  const { transactionId } = refused as { transactionId?: unknown };
  return {
    type: `urn:consilium:error:${code}`,
    title: TITLE[kind],
    status: OWN_STATUS[code] ?? STATUS[kind],
    code,
    detail,
    ...(typeof transactionId === 'string' ? { transactionId } : {}),
  };
}

/** What Express and its body reader throw for a bad request. */
function refusalOfExpress(error: unknown): ConsiliumError | undefined {
  const { type, status, limit } = (error ?? {}) as { type?: unknown; status?: unknown; limit?: unknown };
  if (type === 'entity.too.large')
    return refusal('BODY_TOO_LARGE', { bytesMax: typeof limit === 'number' ? limit : REQUEST_BODY_BYTES_MAX });
  if (type === 'entity.parse.failed') return refusal('INPUT_INVALID', { problems: 'the body is not JSON' });
  if (error instanceof URIError) return refusal('INPUT_INVALID', { problems: 'the path is not percent-encoded UTF-8' });
  // A body in another encoding or charset, cut off, or of another length than was said.
  if (typeof status === 'number' && status >= 400 && status < 500)
    return refusal('INPUT_INVALID', { problems: 'the request cannot be read' });
  return undefined;
}

export function answerProblems(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    if (response.headersSent || response.destroyed) {
      log.warn({ path: request.path, error }, 'an answer broke off');
      response.destroy();
      return;
    }
    const problem = problemOf(error, log);
    if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer');
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  };
}
