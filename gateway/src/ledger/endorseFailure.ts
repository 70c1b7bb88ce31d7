/** What a failed endorsement means: who refused, why, and whether a new proposal may fare better. */
import { type ConsiliumError, type Msp, refusal, refusalIn } from '@consilium/domain';
import { type ErrorDetail, GatewayError } from '@hyperledger/fabric-gateway';

export type EndorseFailure = Readonly<{ error: ConsiliumError; again: boolean }>;

/** gRPC status codes (google/rpc/code.proto). */
const DEADLINE_EXCEEDED = 4;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;

const PAYLOADS_DIFFER = 'ProposalResponsePayloads do not match';
const CONTRACT_ANSWER = /chaincode response \d+, (.*)$/s;
/** The chaincode process or a peer is down or busy: an operator's matter, and often over in a moment. */
const PART_IS_DOWN =
  /chaincode stream terminated|could not launch chaincode|timeout expired while executing|error sending|connection refused|too many requests|Unavailable/i;

/**
 * The own peer endorses first, and its refusal is final: it has what this hospital has seen. A refusal or another answer
 * of another peer alone usually means that it lags by a block.
 *
 * @param own the MSP of the peer that was asked first
 */
export function endorseFailure(error: unknown, own: Msp): EndorseFailure {
  if (!(error instanceof GatewayError)) return unavailable(reasonOf(error), false);
  const { code, details } = error;
  const ours = details.filter(({ mspId }) => mspId === own);
  const others = details.filter(({ mspId }) => mspId !== own);
  for (const { message } of ours) {
    const refused = contractRefusal(message);
    if (refused) return { error: refused, again: false };
  }
  if (others.some(({ message }) => message.includes(PAYLOADS_DIFFER)))
    return unavailable(`the peers of ${named(others)} answer otherwise: they lag, or run another chaincode`, true);
  for (const { message } of others) {
    const refused = contractRefusal(message);
    if (refused) return { error: refused, again: true };
  }
  const text = details.map(({ mspId, message }) => `${mspId}: ${message}`).join('; ') || error.message;
  if (code === DEADLINE_EXCEEDED) return unavailable(text, false);
  if (code === UNAVAILABLE || code === FAILED_PRECONDITION || PART_IS_DOWN.test(text)) return unavailable(text, true);
  return { error: refusal('LEDGER_REFUSED', { reason: text }, { cause: error }), again: false };
}

/** What the contract said: a catalogued refusal, or one that it did not catalogue. */
function contractRefusal(message: string): ConsiliumError | undefined {
  const answer = CONTRACT_ANSWER.exec(message)?.[1];
  if (answer === undefined) return undefined;
  return refusalIn(answer) ?? refusal('LEDGER_REFUSED', { reason: answer || 'the contract gave no reason' });
}

function unavailable(reason: string, again: boolean): EndorseFailure {
  return { error: refusal('LEDGER_UNAVAILABLE', { reason }), again };
}

function named(details: readonly ErrorDetail[]): string {
  return [...new Set(details.map(({ mspId }) => mspId))].sort().join(', ');
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
