import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Orderer } from '../orderer/orderer.js';
import { common, encode, orderer } from '../wire/proto.js';

type BroadcastCall = ServerDuplexStream<common.Envelope, orderer.BroadcastResponse>;

const STATUS = common.Status;

/**
 * Takes envelopes as an orderer's broadcast service does. The one orderer of this channel has no endpoint of its own:
 * every peer's serves for it.
 */
export class BroadcastService {
  readonly #orderer: Orderer;

  constructor(ordering: Orderer) {
    this.#orderer = ordering;
  }

  /** The implementation to register for `orderer.AtomicBroadcastService`: blocks are read from the peers. */
  handlers() {
    return {
      broadcast: (call: BroadcastCall): void => {
        call.on('data', (envelope: common.Envelope) => {
          const { status, info } = this.#orderer.order(encode(envelope));
          const response = new orderer.BroadcastResponse();
          response.setStatus(STATUS[status]);
          response.setInfo(info);
          call.write(response);
        });
        call.on('end', () => call.end());
        call.on('error', () => {});
      },
      deliver: (call: ServerDuplexStream<common.Envelope, orderer.DeliverResponse>): void => {
        const response = new orderer.DeliverResponse();
        response.setStatus(STATUS.SERVICE_UNAVAILABLE);
        call.write(response);
        call.end();
      },
    };
  }
}
