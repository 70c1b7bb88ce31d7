/** Requests that write to the channel: answered at once with the transaction's id, or after its commit where asked. */
import type { Submission } from '@consilium/client/resources';
import { type CommandInput, refusal, type TransactionName } from '@consilium/domain';
import type { Request, Response } from 'express';
import { API_PATH, COMMIT_WAIT_MS_MAX } from './apiLimits.js';
import { personOf } from './authentication.js';
import type { Sent } from './ports.js';
import { pending, type TransactionBook } from './transactionBook.js';

const PREFER_WAIT = /(?:^|[,;]\s*)wait=(\d{1,6})(?:$|[,;\s])/i;

/**
 * How long the caller wants to wait, in milliseconds: `?wait=commit`, or `Prefer: wait=<seconds>` (RFC 7240), within
 * COMMIT_WAIT_MS_MAX. 0: not at all.
 */
export function waitingMs(request: Request): number {
  const { wait } = request.query;
  if (wait !== undefined && wait !== 'commit')
    throw refusal('INPUT_INVALID', { problems: 'query.wait: the only value is "commit"' });
  if (wait === 'commit') return COMMIT_WAIT_MS_MAX;
  const seconds = PREFER_WAIT.exec(request.get('prefer') ?? '')?.[1];
  return seconds === undefined ? 0 : Math.min(Number(seconds) * 1_000, COMMIT_WAIT_MS_MAX);
}

/** What is written, and where it is found afterwards. */
export type Writing<Name extends TransactionName, Item> = Readonly<{
  transaction: Name;
  command: CommandInput<Name>;
  /** The path of what was written, below `/api/v1`. */
  path: string;
  /** Reads it back; undefined where the mirror does not have it yet. */
  read(): Item | undefined;
}>;

/** Sends the transaction as the person who asks, and answers 202 or 201. */
export async function write<Name extends TransactionName, Item>(
  request: Request,
  response: Response,
  book: TransactionBook,
  writing: Writing<Name, Item>,
): Promise<void> {
  const waitMs = waitingMs(request);
  const sent = await personOf(response).channel.send(writing.transaction, writing.command);
  book.track(sent);
  const block = waitMs === 0 ? undefined : await committedWithin(sent, waitMs);
  const { transactionId } = sent;
  if (block === undefined) {
    const answer: Submission<Item> = { ...pending(transactionId), record: null };
    response.location(`${API_PATH}/transactions/${transactionId}`).status(202).json(answer);
    return;
  }
  const record = writing.read() ?? null;
  const answer: Submission<Item> = { transactionId, state: 'valid', validationCode: 'VALID', block, record };
  response.location(`${API_PATH}${writing.path}`).status(201).json(answer);
}

/** The block that it is in; undefined where it is still pending after that time. */
async function committedWithin(sent: Sent, waitMs: number): Promise<number | undefined> {
  const enough = AbortSignal.timeout(waitMs);
  try {
    return (await sent.committed(enough)).blockNumber;
  } catch (error) {
    if (enough.aborted && error === enough.reason) return undefined;
    throw error;
  }
}
