/** A refusal of a gateway, or that it cannot be reached. */
import type { Problem } from './resources/problem.js';

/** The code of an `ApiError` where no answer came from the gateway. */
export const GATEWAY_UNREACHABLE = 'GATEWAY_UNREACHABLE';
/** The code of an `ApiError` where the answer is none that this client understands. */
export const ANSWER_NOT_UNDERSTOOD = 'ANSWER_NOT_UNDERSTOOD';

/** Its message begins with the code, as everywhere. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** From the catalogue of `@consilium/domain`, or one of the two above. */
  readonly code: string;
  readonly detail: string;
  /** HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  /** The transaction that was refused, or whose fate is not known yet. */
  readonly transactionId: string | undefined;

  constructor(
    code: string,
    detail: string,
    from: Readonly<{ status?: number; transactionId?: string | undefined; cause?: unknown }> = {},
  ) {
    super(`${code}: ${detail}`, { cause: from.cause });
    this.code = code;
    this.detail = detail;
    this.status = from.status;
    this.transactionId = from.transactionId;
  }

  /** The error that an `application/problem+json` answer stands for. */
  static of(problem: Problem): ApiError {
    const { code, detail, status, transactionId } = problem;
    return new ApiError(code, detail, { status, transactionId });
  }
}
