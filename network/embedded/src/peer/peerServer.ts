import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { MESSAGE_BYTES_MAX } from '../limits.js';
import { gateway, orderer, peer } from '../wire/proto.js';
import type { BroadcastService } from './broadcastService.js';
import type { DeliverService } from './deliverService.js';
import type { EndorserService } from './endorserService.js';
import type { GatewayService } from './gatewayService.js';

/** What a peer's endpoint serves. */
export interface PeerServices {
  readonly gateway: GatewayService;
  readonly deliver: DeliverService;
  readonly endorser: EndorserService;
  readonly broadcast: BroadcastService;
}

/** One hospital's TLS endpoint. */
export class PeerServer {
  readonly #server: Server;
  readonly #listen: string;
  readonly #tlsFolder: string;
  #endpoint: string;

  /** `listen`: `HOST:PORT`, port 0 for any free one. `tlsFolder`: `server.crt` and `server.key`. */
  constructor(listen: string, tlsFolder: string, services: PeerServices) {
    this.#listen = listen;
    this.#endpoint = listen;
    this.#tlsFolder = tlsFolder;
    this.#server = new Server({
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
    });
    this.#server.addService(gateway.GatewayService, services.gateway.handlers());
    this.#server.addService(peer.DeliverService, services.deliver.handlers());
    this.#server.addService(orderer.AtomicBroadcastService, services.broadcast.handlers());
    this.#server.addService(peer.EndorserService, services.endorser.handlers());
  }

  /** `HOST:PORT` where it listens. */
  get endpoint(): string {
    return this.#endpoint;
  }

  /** Begins to listen. Rejects with an Error that names the address. */
  async start(): Promise<void> {
    const credentials = ServerCredentials.createSsl(
      null,
      [
        {
          private_key: readFileSync(join(this.#tlsFolder, 'server.key')),
          cert_chain: readFileSync(join(this.#tlsFolder, 'server.crt')),
        },
      ],
      false,
    );
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(this.#listen, credentials, (error, bound) => {
        if (error) reject(new Error(`cannot listen on ${this.#listen}: ${error.message}`, { cause: error }));
        else resolve(bound);
      });
    });
    this.#endpoint = `${this.#listen.slice(0, this.#listen.lastIndexOf(':'))}:${port}`;
  }

  /** Ends every call and stops listening. */
  stop(): void {
    this.#server.forceShutdown();
  }
}
