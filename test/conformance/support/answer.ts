import { status } from '@grpc/grpc-js';
import { CommitError, GatewayError } from '@hyperledger/fabric-gateway';

/** One peer's or orderer's part in a failure; its address differs from run to run and is left out. */
export interface AnswerDetail {
  readonly msp: string;
  readonly message: string;
}

/** What a case came to, without what differs from run to run: ids, addresses, times, heights. */
export type Answer =
  | { readonly value: unknown }
  | {
      readonly error: string;
      readonly code?: number | string;
      readonly message: string;
      readonly details?: readonly AnswerDetail[];
      /** Whether the error names its transaction. */
      readonly namesTransaction?: boolean;
    };

/** Runs something and describes its value or its error. Never rejects. */
export async function answerOf(run: () => Promise<unknown>): Promise<Answer> {
  try {
    return { value: comparable(await run()) };
  } catch (error) {
    return describeError(error);
  }
}

/** The same answer with the organisations left out: what was said, and how many said it. */
export function anonymous(answer: Answer): Answer {
  if (!('details' in answer) || !answer.details) return answer;
  const details = answer.details.map(({ message }) => ({
    msp: '<ANY>',
    message: message.replace(/expected MSP ID \w+/, 'expected MSP ID <ANY>'),
  }));
  return { ...answer, details: details.sort(byText) };
}

/** Client and peer watch the same deadline: it is chance which of them ends the call, as cancelled or with which words. */
export function atDeadline(answer: Answer): Answer {
  const isOver = 'error' in answer && (answer.code === status.CANCELLED || answer.code === status.DEADLINE_EXCEEDED);
  return isOver ? { error: answer.error, message: 'the deadline passed' } : answer;
}

/** A text without ids, addresses, times and heights. */
function plain(text: string): string {
  return text
    .replace(/(?<=collection\(s\): \[)[^\]]+/, (names) => names.split(' ').sort().join(' ')) // in the order of a Go map
    .replace(/proto:\u00a0/g, 'proto: ') // Go's library writes either, by the build
    .replace(/(localhost|127\.0\.0\.1|\[::1\]):\d+/g, '<ADDRESS>')
    .replace(/Creator \[[0-9a-f]+\]/g, 'Creator [<HEX>]')
    .replace(/\b[0-9a-f]{64}\b/g, '<ID>')
    .replace(/-[0-9a-f]{8}\]/g, '-<ID>]')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<TIME>')
    .replace(/\d{4}-\d\d-\d\d [\d:.]+ [+-]\d{4} [A-Z]+/g, '<TIME>')
    .replace(/BlockNum: \d+/g, 'BlockNum: <N>')
    .replace(/payload is \d+ bytes/g, 'payload is <N> bytes')
    .replace(/after \d+\.\d+s(,|$).*/g, 'after <TIME>');
}

function describeError(error: unknown): Answer {
  if (!(error instanceof Error)) return { error: 'not an Error', message: String(error) };
  const { code, details, transactionId } = error as { code?: unknown; details?: unknown; transactionId?: string };
  const isCoded = typeof code === 'number' || typeof code === 'string';
  return {
    error: error.constructor.name,
    ...(isCoded ? { code } : {}),
    message: plain(error.message),
    ...(error instanceof GatewayError ? { details: describeDetails(details as GatewayError['details']) } : {}),
    ...(error instanceof GatewayError || error instanceof CommitError
      ? { namesTransaction: /^[0-9a-f]{64}$/.test(transactionId ?? '') }
      : {}),
  };
}

function describeDetails(details: GatewayError['details']): AnswerDetail[] {
  return details.map(({ mspId, message }) => ({ msp: mspId, message: plain(message) })).sort(byText);
}

function byText(a: AnswerDetail, b: AnswerDetail): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** Bytes as the text that they are, big integers as numbers: what JSON can keep. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value === 'bigint') return Number(value);
  if (value === undefined) return null;
  return JSON.parse(JSON.stringify(value));
}
