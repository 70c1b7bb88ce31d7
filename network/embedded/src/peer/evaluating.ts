import { status } from '@grpc/grpc-js';
import type { Proposal } from '../wire/proposal.js';
import { decode, type gateway, peer } from '../wire/proto.js';
import { type EndorsingParts, EVALUATE_TEXTS, readProposal } from './endorsing.js';
import { askPeer, detailOf, type PeerNode } from './peerNode.js';
import { RpcError, type RpcErrorDetail } from './rpcErrors.js';

/**
 * Evaluates a proposal at one peer: the own one if it can, else the next. An answer of the chaincode is final, also an
 * error; only failures of the peer move on to another. Rejects with an RpcError.
 */
export async function evaluate(request: gateway.EvaluateRequest, parts: EndorsingParts): Promise<peer.Response> {
  const proposal = readProposal(request.getProposedTransaction(), EVALUATE_TEXTS);
  if (proposal.lacking !== undefined) {
    throw new RpcError(status.INVALID_ARGUMENT, EVALUATE_TEXTS.damaged + proposal.lacking);
  }
  if (proposal.channelId !== parts.channel) throw unknownChannel(status.UNAVAILABLE, proposal.channelId);
  const details: RpcErrorDetail[] = [];
  let code: number = status.UNAVAILABLE;
  for (const node of nodesFor(proposal, request.getTargetOrganizationsList(), parts)) {
    const answer = await askPeer(node, proposal, parts.own);
    if (answer.kind === 'success') return withResult(answer.response, answer.payload);
    details.push(detailOf(node, answer.message));
    code = answer.code;
    if (!answer.canRetry) {
      throw new RpcError(code, `evaluate call to endorser returned error: ${answer.message}`, details);
    }
  }
  throw new RpcError(code, 'failed to evaluate transaction, see attached details for more info', details);
}

/** The error for a channel that this process does not have. */
export function unknownChannel(code: number, channel: string): RpcError {
  return new RpcError(
    code,
    `failed to get config for channel [${channel}]: could not get last config for channel ${channel}`,
  );
}

function nodesFor(proposal: Proposal, targets: readonly string[], { own, nodes }: EndorsingParts): PeerNode[] {
  // Transient data stays in the hospital unless the client says otherwise.
  const isProtected = proposal.hasTransient && targets.length === 0;
  const allowed = isProtected ? [own.msp] : targets;
  const found = nodes.filter((node) => {
    return node.endorser.hasChaincode(proposal.chaincode) && (allowed.length === 0 || allowed.includes(node.msp));
  });
  if (found.length === 0) {
    const text = `no peers available to evaluate chaincode ${proposal.chaincode} in channel ${proposal.channelId}`;
    const advice = `no endorsers found in the gateway's organization; retry specifying target organization(s) to protect transient data: `;
    throw new RpcError(status.FAILED_PRECONDITION, isProtected ? advice + text : text);
  }
  return [...found.filter((node) => node === own), ...found.filter((node) => node !== own)];
}

function withResult(response: peer.Response, payload: Buffer | undefined): peer.Response {
  const proposalResponse = payload && decode(peer.ProposalResponsePayload, payload);
  const action = proposalResponse && decode(peer.ChaincodeAction, proposalResponse.getExtension_asU8());
  if (action) response.setPayload(action.getResponse()?.getPayload_asU8() ?? new Uint8Array());
  return response;
}
