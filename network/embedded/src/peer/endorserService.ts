import { type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { unpackProposal } from '../wire/proposal.js';
import { peer } from '../wire/proto.js';
import type { Endorser } from './endorser.js';
import { RpcError, rpcErrorOf } from './rpcErrors.js';

/** One hospital's endorser service: a single proposal, answered by this peer alone, as its administration asks. */
export class EndorserService {
  readonly #endorser: Endorser;

  constructor(endorser: Endorser) {
    this.#endorser = endorser;
  }

  /** The implementation to register for `peer.EndorserService`. */
  handlers() {
    return {
      processProposal: (
        call: ServerUnaryCall<peer.SignedProposal, peer.ProposalResponse>,
        answer: sendUnaryData<peer.ProposalResponse>,
      ): void => {
        this.#process(call.request).then(
          (response) => answer(null, response),
          (error: unknown) => answer(rpcErrorOf(error).toServiceError()),
        );
      },
    };
  }

  async #process(signed: peer.SignedProposal): Promise<peer.ProposalResponse> {
    const outcome = await this.#endorser.process(proposalIn(signed));
    if (outcome.kind !== 'response') throw new RpcError(status.UNKNOWN, outcome.message);
    const message = new peer.ProposalResponse();
    message.setResponse(outcome.response);
    if (outcome.payload) message.setPayload(outcome.payload);
    if (outcome.endorsement) message.setEndorsement(outcome.endorsement);
    return message;
  }
}

function proposalIn(signed: peer.SignedProposal) {
  try {
    return unpackProposal(signed);
  } catch (error) {
    throw new RpcError(status.UNKNOWN, `error validating proposal: ${(error as Error).message}`);
  }
}
