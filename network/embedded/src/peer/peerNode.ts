import { status } from '@grpc/grpc-js';
import type { PeerLedger } from '../ledger/peerLedger.js';
import type { EndorsementInterest } from '../ledger/simulator.js';
import type { Identity } from '../membership/identity.js';
import type { Proposal } from '../wire/proposal.js';
import type { peer } from '../wire/proto.js';
import type { Endorser } from './endorser.js';
import type { PeerFaults } from './peerFaults.js';
import type { RpcErrorDetail } from './rpcErrors.js';

/** One hospital's peer, as the gateway services of all hospitals see it. */
export interface PeerNode {
  readonly msp: string;
  readonly identity: Identity;
  readonly endorser: Endorser;
  readonly ledger: PeerLedger;
  readonly faults: PeerFaults;
  /** Address of its endpoint; known once it listens. */
  readonly endpoint: () => string;
}

/** A peer's answer to a proposal, as Fabric's gateway classifies it. */
export type PeerAnswer =
  | {
      readonly kind: 'success';
      readonly response: peer.Response;
      readonly payload: Buffer | undefined;
      readonly endorsement: peer.Endorsement | undefined;
      readonly interest: EndorsementInterest | undefined;
    }
  | {
      readonly kind: 'failure';
      readonly code: number;
      readonly message: string;
      /** Whether an evaluation may be tried at another peer: the failure is not the chaincode's answer. */
      readonly canRetry: boolean;
    };

const STATUS_OK_MIN = 200;
const STATUS_ERROR_MIN = 400;

/** Gives a proposal to a peer, for the gateway of the peer `from`; others than that are asked over the network. */
export async function askPeer(node: PeerNode, proposal: Proposal, from: PeerNode): Promise<PeerAnswer> {
  const isOwn = node === from;
  if (!isOwn && (node.faults.isUnreachable || from.faults.isCutOff)) {
    const cause = `dial tcp ${node.endpoint()}: connect: connection refused`;
    const text = `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: ${cause}"`;
    return failure(status.UNAVAILABLE, text, true);
  }
  const outcome = await node.endorser.process(proposal);
  if (outcome.kind !== 'response') {
    // A remote peer's error arrives without a response, and looks like that of a peer which is not there.
    if (!isOwn) {
      return failure(status.UNAVAILABLE, `rpc error: code = Unknown desc = ${outcome.message}`, true);
    }
    const isFiltered = outcome.kind === 'filtered';
    return failure(isFiltered ? status.UNAVAILABLE : status.FAILED_PRECONDITION, outcome.message, isFiltered);
  }
  const { response, payload, endorsement, interest } = outcome;
  const code = response.getStatus();
  if (code >= STATUS_OK_MIN && code < STATUS_ERROR_MIN) {
    return { kind: 'success', response, payload, endorsement, interest };
  }
  if (!payload && code === 500) return failure(status.ABORTED, response.getMessage(), true);
  return failure(status.UNKNOWN, `chaincode response ${code}, ${response.getMessage()}`, false);
}

/** A failure as it stands in the details of an error. */
export function detailOf(node: PeerNode, message: string): RpcErrorDetail {
  return { address: node.endpoint(), msp: node.msp, message };
}

function failure(code: number, message: string, canRetry: boolean): PeerAnswer {
  return { kind: 'failure', code, message, canRetry };
}
