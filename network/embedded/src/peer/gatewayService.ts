import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import { GATEWAY_CALLS_MAX } from '../limits.js';
import type { Membership } from '../membership/membership.js';
import type { Orderer } from '../orderer/orderer.js';
import { decode, encode, gateway, type peer, ValidationCode } from '../wire/proto.js';
import { type AccessCheck, readerCheck } from './accessCheck.js';
import { Endorsing, type EndorsingParts } from './endorsing.js';
import { evaluate, unknownChannel } from './evaluating.js';
import { followBlocks } from './follow.js';
import { detailOf } from './peerNode.js';
import { RpcError, rpcErrorOf } from './rpcErrors.js';
import { sendWithBackPressure, signalOf } from './streaming.js';

/** What one hospital's gateway service works with. */
export interface GatewayServiceParts extends EndorsingParts {
  readonly membership: Membership;
  readonly orderer: Orderer;
  /** Counts the endorsements that are being collected; the orderer waits for them a little. */
  readonly activity: { endorsing: number };
}

/** One hospital's gateway service: the five calls that Fabric's client library makes. */
export class GatewayService {
  readonly #parts: GatewayServiceParts;
  readonly #endorsing: Endorsing;
  readonly #checkReader: AccessCheck;
  #calls = 0;

  constructor(parts: GatewayServiceParts) {
    this.#parts = parts;
    this.#endorsing = new Endorsing(parts);
    this.#checkReader = readerCheck(parts.membership, parts.channel);
  }

  /** The implementation to register for `gateway.GatewayService`. */
  handlers() {
    return {
      evaluate: this.#unary((request: gateway.EvaluateRequest) => this.#evaluate(request)),
      endorse: this.#unary((request: gateway.EndorseRequest) => this.#endorse(request)),
      submit: this.#unary(async (request: gateway.SubmitRequest) => this.#submit(request)),
      commitStatus: this.#unary((request: gateway.SignedCommitStatusRequest, signal) =>
        this.#commitStatus(request, signal),
      ),
      chaincodeEvents: (
        call: ServerWritableStream<gateway.SignedChaincodeEventsRequest, gateway.ChaincodeEventsResponse>,
      ) => void this.#chaincodeEvents(call),
    };
  }

  /** Runs a call, counts it, and turns what it throws into an error for the client. */
  #unary<Request, Response>(work: (request: Request, signal: AbortSignal) => Promise<Response>) {
    return (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>): void => {
      if (this.#calls >= GATEWAY_CALLS_MAX) {
        answer(tooManyCalls().toServiceError());
        return;
      }
      this.#calls += 1;
      const { signal, release } = signalOf(call);
      void work(call.request, signal)
        .then(
          (response) => answer(null, response),
          (error: unknown) => answer(rpcErrorOf(error).toServiceError()),
        )
        .finally(() => {
          this.#calls -= 1;
          release();
        });
    };
  }

  async #evaluate(request: gateway.EvaluateRequest): Promise<gateway.EvaluateResponse> {
    const response = new gateway.EvaluateResponse();
    response.setResult(await evaluate(request, this.#parts));
    return response;
  }

  async #endorse(request: gateway.EndorseRequest): Promise<gateway.EndorseResponse> {
    const { activity } = this.#parts;
    activity.endorsing += 1;
    try {
      const response = new gateway.EndorseResponse();
      response.setPreparedTransaction(await this.#endorsing.endorse(request));
      return response;
    } finally {
      activity.endorsing -= 1;
    }
  }

  #submit(request: gateway.SubmitRequest): gateway.SubmitResponse {
    const envelope = request.getPreparedTransaction();
    if (!envelope) throw new RpcError(status.INVALID_ARGUMENT, 'a prepared transaction is required');
    if (envelope.getSignature_asU8().length === 0) {
      throw new RpcError(status.INVALID_ARGUMENT, 'prepared transaction must be signed');
    }
    const channel = request.getChannelId();
    if (channel !== this.#parts.channel) throw unknownChannel(status.FAILED_PRECONDITION, channel);
    if (this.#parts.own.faults.isCutOff) throw new RpcError(status.UNAVAILABLE, 'no orderer nodes available');
    const { status: answer, info } = this.#parts.orderer.order(encode(envelope));
    if (answer === 'SUCCESS') return new gateway.SubmitResponse();
    const text = `received unsuccessful response from orderer: status=${answer}, info=${info}`;
    const refusing = this.#parts.nodes.slice(0, refusalsToFail(this.#parts.nodes.length));
    throw new RpcError(
      status.UNAVAILABLE,
      'insufficient number of orderers could successfully process transaction to satisfy quorum requirement',
      refusing.map((node) => detailOf(node, text)),
    );
  }

  async #commitStatus(
    signed: gateway.SignedCommitStatusRequest,
    signal: AbortSignal,
  ): Promise<gateway.CommitStatusResponse> {
    const message = signed.getRequest_asU8();
    const request = message.length > 0 ? decode(gateway.CommitStatusRequest, message) : undefined;
    if (!request) throw new RpcError(status.INVALID_ARGUMENT, 'a commit status request is required');
    if (request.getIdentity_asU8().length === 0) throw new RpcError(status.INVALID_ARGUMENT, 'no identity provided');
    if (!request.getChannelId()) throw new RpcError(status.INVALID_ARGUMENT, 'no channel ID provided');
    if (!request.getTransactionId()) {
      throw new RpcError(status.INVALID_ARGUMENT, 'transaction ID should not be empty');
    }
    this.#checkReader(request.getChannelId(), {
      message,
      identity: request.getIdentity_asU8(),
      signature: signed.getSignature_asU8(),
    });
    const { code, block } = await this.#parts.own.ledger.waitFor(request.getTransactionId(), signal);
    const response = new gateway.CommitStatusResponse();
    response.setResult(code);
    response.setBlockNumber(block);
    return response;
  }

  async #chaincodeEvents(
    call: ServerWritableStream<gateway.SignedChaincodeEventsRequest, gateway.ChaincodeEventsResponse>,
  ): Promise<void> {
    const { signal, release } = signalOf(call);
    try {
      const request = this.#readEventsRequest(call.request);
      let after = request.getAfterTransactionId();
      for await (const committed of followBlocks(this.#parts.own.ledger, this.#eventsStart(request), signal)) {
        const events: peer.ChaincodeEvent[] = [];
        committed.transactions().forEach(({ action, header }, place) => {
          if (committed.codes[place] !== ValidationCode.VALID || !action?.event) return;
          // Everything up to and including the named transaction has been seen already.
          if (after) {
            if (header?.transactionId === after) after = '';
            return;
          }
          if (action.event.getChaincodeId() === request.getChaincodeId()) events.push(action.event);
        });
        if (events.length === 0) continue;
        const response = new gateway.ChaincodeEventsResponse();
        response.setEventsList(events);
        response.setBlockNumber(committed.block.number);
        await sendWithBackPressure(call, response, signal);
      }
      call.end();
    } catch (error) {
      call.emit('error', rpcErrorOf(error).toServiceError());
    } finally {
      release();
    }
  }

  #readEventsRequest(signed: gateway.SignedChaincodeEventsRequest): gateway.ChaincodeEventsRequest {
    const message = signed.getRequest_asU8();
    const request = message.length > 0 ? decode(gateway.ChaincodeEventsRequest, message) : undefined;
    if (!request) throw new RpcError(status.INVALID_ARGUMENT, 'a chaincode events request is required');
    this.#checkReader(request.getChannelId(), {
      message,
      identity: request.getIdentity_asU8(),
      signature: signed.getSignature_asU8(),
    });
    return request;
  }

  #eventsStart(request: gateway.ChaincodeEventsRequest): number {
    const { ledger } = this.#parts.own;
    const after = request.getAfterTransactionId();
    const known = after ? ledger.status(after) : undefined;
    if (known) return known.block;
    const position = request.getStartPosition();
    const specified = position?.getSpecified();
    if (specified) return specified.getNumber();
    if (!position || position.hasNextCommit() || position.getTypeCase() === 0) return ledger.height;
    throw new RpcError(status.INVALID_ARGUMENT, 'invalid start position type: *orderer.SeekPosition_Newest');
  }
}

/** How many of n orderers have to refuse until no quorum can be reached (SmartBFT's quorum). */
function refusalsToFail(orderers: number): number {
  const faulty = Math.floor((orderers - 1) / 3);
  const quorum = Math.ceil((orderers + faulty + 1) / 2);
  return orderers - quorum + 1;
}

function tooManyCalls(): RpcError {
  return new RpcError(
    status.UNKNOWN,
    `too many requests for /gateway.Gateway, exceeding concurrency limit (${GATEWAY_CALLS_MAX})`,
  );
}
