import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { CommittedBlock, PeerLedger } from '../ledger/peerLedger.js';
import { CLOCK_WINDOW_MS_MAX, STREAMS_MAX } from '../limits.js';
import type { Membership } from '../membership/membership.js';
import { blockMessage } from '../wire/block.js';
import { common, decode, orderer, peer } from '../wire/proto.js';
import { filteredBlock } from './filteredBlock.js';
import { followBlocks } from './follow.js';
import { privateSetMessages } from './privateSetMessages.js';
import { RpcError, rpcErrorOf } from './rpcErrors.js';
import { sendWithBackPressure, signalOf } from './streaming.js';

const Status = common.Status;

type DeliverCall = ServerDuplexStream<common.Envelope, peer.DeliverResponse>;
/** What is sent of a block to a reader of this organisation. */
type Render = (block: CommittedBlock, reader: string) => peer.DeliverResponse;

/** What one hospital's block streams work with. */
export interface DeliverServiceParts {
  readonly ledger: PeerLedger;
  readonly membership: Membership;
  readonly clock: () => number;
}

/** One hospital's block streams: whole blocks, and filtered ones. */
export class DeliverService {
  readonly #parts: DeliverServiceParts;
  #streams = 0;

  constructor(parts: DeliverServiceParts) {
    this.#parts = parts;
  }

  /** The implementation to register for `peer.DeliverService`. */
  handlers() {
    return {
      deliver: (call: DeliverCall) => this.#serve(call, wholeBlock),
      deliverFiltered: (call: DeliverCall) => this.#serve(call, (block) => this.#filtered(block)),
      deliverWithPrivateData: (call: DeliverCall) =>
        this.#serve(call, (block, reader) => this.#withPrivateData(block, reader)),
    };
  }

  #serve(call: DeliverCall, render: Render): void {
    if (this.#streams >= STREAMS_MAX) {
      const text = `too many requests for /protos.Deliver, exceeding concurrency limit (${STREAMS_MAX})`;
      call.emit('error', new RpcError(status.UNKNOWN, text).toServiceError());
      return;
    }
    this.#streams += 1;
    const { signal, release } = signalOf(call);
    let isServed = false;
    call.on('data', (envelope: common.Envelope) => {
      // One request a stream: Fabric's client never sends a second one.
      if (isServed) return;
      isServed = true;
      void this.#deliver(call, envelope, render, signal)
        .catch((error: unknown) => call.emit('error', rpcErrorOf(error).toServiceError()))
        .finally(() => {
          this.#streams -= 1;
          release();
        });
    });
    call.on('end', () => {
      if (isServed) return;
      this.#streams -= 1;
      isServed = true;
      release();
      call.end();
    });
    call.on('error', () => {});
  }

  async #deliver(call: DeliverCall, envelope: common.Envelope, render: Render, signal: AbortSignal): Promise<void> {
    const request = this.#readRequest(envelope);
    if (typeof request === 'number') return finish(call, request);
    const { start, stop, failsIfNotReady } = request;
    const { ledger } = this.#parts;
    if (failsIfNotReady && start >= ledger.height) return finish(call, Status.NOT_FOUND);
    for await (const block of followBlocks(ledger, start, signal)) {
      const reader = this.#member(envelope);
      if (!reader) return finish(call, Status.FORBIDDEN);
      await sendWithBackPressure(call, render(block, reader), signal);
      if (block.block.number === stop) return finish(call, Status.SUCCESS);
      if (failsIfNotReady && block.block.number + 1 >= ledger.height) return finish(call, Status.NOT_FOUND);
    }
    call.end();
  }

  /** Start and stop of the blocks that are asked for, or the status that refuses the request. */
  #readRequest(envelope: common.Envelope) {
    const payload = decode(common.Payload, envelope.getPayload_asU8());
    const header = payload?.getHeader();
    const channelHeader = header && decode(common.ChannelHeader, header.getChannelHeader_asU8());
    const signatureHeader = header && decode(common.SignatureHeader, header.getSignatureHeader_asU8());
    const timestamp = channelHeader?.getTimestamp();
    if (!payload || !channelHeader || !signatureHeader || !timestamp) return Status.BAD_REQUEST;
    const timeMs = timestamp.getSeconds() * 1000 + timestamp.getNanos() / 1e6;
    if (Math.abs(timeMs - this.#parts.clock()) > CLOCK_WINDOW_MS_MAX) return Status.BAD_REQUEST;
    if (channelHeader.getChannelId() !== this.#parts.ledger.channel) return Status.NOT_FOUND;
    const seek = decode(orderer.SeekInfo, payload.getData_asU8());
    if (!seek) return Status.BAD_REQUEST;
    if (!this.#member(envelope)) return Status.FORBIDDEN;
    const startPosition = seek.getStart();
    const stopPosition = seek.getStop();
    if (!startPosition || !stopPosition) return Status.BAD_REQUEST;
    const start = this.#position(startPosition);
    const stop = stopPosition.hasOldest() ? start : this.#position(stopPosition);
    if (start === undefined || stop === undefined || stop < start) return Status.BAD_REQUEST;
    const failsIfNotReady = seek.getBehavior() === orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY;
    return { start, stop, failsIfNotReady };
  }

  #position(position: orderer.SeekPosition): number | undefined {
    const { height } = this.#parts.ledger;
    if (position.hasOldest()) return 0;
    if (position.hasNewest()) return height - 1;
    if (position.hasNextCommit()) return height;
    return position.getSpecified()?.getNumber();
  }

  /** Organisation of the member who signed the request, unless its certificate has expired since. */
  #member(envelope: common.Envelope): string | undefined {
    const message = envelope.getPayload_asU8();
    const header = decode(common.Payload, message)?.getHeader();
    const signatureHeader = header && decode(common.SignatureHeader, header.getSignatureHeader_asU8());
    if (!signatureHeader) return undefined;
    const identity = signatureHeader.getCreator_asU8();
    const { membership, clock } = this.#parts;
    const member = membership.identify(identity);
    if (!member || member.expiresMs < clock()) return undefined;
    const isSigned = membership.isSignedByMember({ message, identity, signature: envelope.getSignature_asU8() });
    return isSigned ? member.msp : undefined;
  }

  /** A block with the private sets that this peer holds and the reader's organisation may have. */
  #withPrivateData({ block, codes, commitHash }: CommittedBlock, reader: string): peer.DeliverResponse {
    const { ledger } = this.#parts;
    const message = new peer.BlockAndPrivateData();
    message.setBlock(blockMessage(block, codes, commitHash));
    const sets = ledger.privates
      .committedIn(block.number)
      .filter(({ namespace, collection }) => ledger.definitions.isCollectionMember(namespace, collection, reader));
    for (const [place, set] of privateSetMessages(sets)) message.getPrivateDataMapMap().set(place, set);
    const response = new peer.DeliverResponse();
    response.setBlockAndPrivateData(message);
    return response;
  }

  #filtered(block: CommittedBlock): peer.DeliverResponse {
    const response = new peer.DeliverResponse();
    response.setFilteredBlock(filteredBlock(block, this.#parts.ledger.channel));
    return response;
  }
}

function wholeBlock({ block, codes, commitHash }: CommittedBlock): peer.DeliverResponse {
  const response = new peer.DeliverResponse();
  response.setBlock(blockMessage(block, codes, commitHash));
  return response;
}

function finish(call: DeliverCall, code: number): void {
  const response = new peer.DeliverResponse();
  response.setStatus(code as Parameters<typeof response.setStatus>[0]);
  call.write(response);
  call.end();
}
