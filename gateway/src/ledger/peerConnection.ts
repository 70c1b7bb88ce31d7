/** The one connection of a gateway to its own peer, and whoever speaks over it. */
import { readFileSync } from 'node:fs';
import { type Msp, refusal } from '@consilium/domain';
import { Client, connectivityState, credentials } from '@grpc/grpc-js';
import { connect, type Gateway, hash } from '@hyperledger/fabric-gateway';
import type { LedgerIdentity } from './ledgerIdentity.js';
import {
  COMMIT_MS_MAX,
  ENDORSE_MS_MAX,
  EVALUATE_MS_MAX,
  KEEPALIVE_ANSWER_MS_MAX,
  KEEPALIVE_MS,
  MESSAGE_BYTES_MAX,
  RECONNECT_BACKOFF_MS,
  RECONNECT_BACKOFF_MS_MAX,
  SUBMIT_MS_MAX,
} from './ledgerLimits.js';

/** What `connection.json` says. */
export type PeerAddress = Readonly<{
  msp: Msp;
  channel: string;
  chaincode: string;
  peer: Readonly<{ endpoint: string; tlsRootCertFile: string; serverName: string }>;
}>;

export class PeerConnection {
  readonly #client: Client;
  readonly #gateways: Gateway[] = [];

  /** @throws ConsiliumError CONFIGURATION_INVALID where the peer's CA cannot be read */
  constructor({ peer }: PeerAddress) {
    this.#client = new Client(peer.endpoint, credentials.createSsl(readRoot(peer.tlsRootCertFile)), {
      'grpc.ssl_target_name_override': peer.serverName,
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      'grpc.initial_reconnect_backoff_ms': RECONNECT_BACKOFF_MS,
      // The default grows to minutes: a peer that is back for seconds would still be out of reach.
      'grpc.max_reconnect_backoff_ms': RECONNECT_BACKOFF_MS_MAX,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_ANSWER_MS_MAX,
    });
  }

  /** Speaks as one identity; every call has a deadline. */
  as({ identity, signer }: Pick<LedgerIdentity, 'identity' | 'signer'>): Gateway {
    const within = (ms: number) => () => ({ deadline: Date.now() + ms });
    const gateway = connect({
      client: this.#client,
      identity,
      signer,
      hash: hash.none,
      evaluateOptions: within(EVALUATE_MS_MAX),
      endorseOptions: within(ENDORSE_MS_MAX),
      submitOptions: within(SUBMIT_MS_MAX),
      commitStatusOptions: within(COMMIT_MS_MAX),
    });
    this.#gateways.push(gateway);
    return gateway;
  }

  /** Whether the peer can be reached now, as far as the connection knows. */
  isUp(): boolean {
    const state = this.#client.getChannel().getConnectivityState(true);
    return state === connectivityState.READY || state === connectivityState.IDLE;
  }

  close(): void {
    for (const gateway of this.#gateways) gateway.close();
    this.#client.close();
  }
}

function readRoot(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw refusal('CONFIGURATION_INVALID', { file, problems: 'cannot be read' });
  }
}
