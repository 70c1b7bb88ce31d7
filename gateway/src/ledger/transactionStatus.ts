/** The fate of a transaction, asked for by its id: after any failure it is this, and nothing else, that decides. */
import { setTimeout as wait } from 'node:timers/promises';
import { type ConsiliumError, refusal } from '@consilium/domain';
import { type Gateway, StatusCode } from '@hyperledger/fabric-gateway';
import { msp, gateway as protos } from '@hyperledger/fabric-protos';
import { STATUS_BACKOFF_MS } from './ledgerLimits.js';

export type TransactionFate = Readonly<{
  blockNumber: number;
  valid: boolean;
  /** Fabric's name of the validation code, such as `VALID` or `MVCC_READ_CONFLICT`. */
  validationCode: string;
}>;

/**
 * Asks the own peer until it knows, or the time is over. The peer answers once the transaction is in one of its blocks; a
 * connection that breaks off is taken up again.
 *
 * @returns undefined where the transaction may still commit
 */
export async function transactionFate(
  gateway: Gateway,
  channel: string,
  transactionId: string,
  msMax: number,
  stopping: AbortSignal,
): Promise<TransactionFate | undefined> {
  const bytes = statusRequest(gateway, channel, transactionId);
  const deadline = Date.now() + msMax;
  while (Date.now() < deadline && !stopping.aborted) {
    try {
      const { code, blockNumber } = await gateway.newCommit(bytes).getStatus({ deadline });
      return { blockNumber: Number(blockNumber), valid: code === StatusCode.VALID, validationCode: nameOf(code) };
    } catch {
      // Not known yet, or the peer is away: both are over in a moment or at the deadline.
      const pauseMs = Math.max(0, Math.min(STATUS_BACKOFF_MS, deadline - Date.now()));
      await wait(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
  return undefined;
}

/** The error that an invalid transaction is. */
export function invalidError(transactionId: string, { validationCode }: TransactionFate): ConsiliumError {
  if (validationCode === 'MVCC_READ_CONFLICT' || validationCode === 'PHANTOM_READ_CONFLICT')
    return refusal('LEDGER_CONFLICT', {});
  return refusal('LEDGER_REFUSED', { reason: `transaction ${transactionId} is invalid: ${validationCode}` });
}

function nameOf(code: number): string {
  return Object.entries(StatusCode).find(([, value]) => value === code)?.[0] ?? String(code);
}

/** The SDK has no call that asks by id alone: this is the request that it makes itself after a submit, unsigned. */
function statusRequest(gateway: Gateway, channel: string, transactionId: string): Uint8Array {
  const { mspId, credentials } = gateway.getIdentity();
  const creator = new msp.SerializedIdentity();
  creator.setMspid(mspId);
  creator.setIdBytes(credentials);
  const request = new protos.CommitStatusRequest();
  request.setChannelId(channel);
  request.setTransactionId(transactionId);
  request.setIdentity(creator.serializeBinary());
  const signed = new protos.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  return signed.serializeBinary();
}
