/** The gateway's own ledger client, as one person at one hospital's peer, without the gateway around it. */
import type { Gateway } from '@hyperledger/fabric-gateway';
import { CommitTimes, TransactionCounts } from '../../../gateway/src/ledger/commitTimes.js';
import { FabricChannel } from '../../../gateway/src/ledger/fabricChannel.js';
import type { LedgerIdentity } from '../../../gateway/src/ledger/ledgerIdentity.js';
import { PATIENCE, type Patience } from '../../../gateway/src/ledger/ledgerLimits.js';
import { type PeerAddress, PeerConnection } from '../../../gateway/src/ledger/peerConnection.js';

export class LedgerClient {
  readonly gateway: Gateway;
  readonly channel: FabricChannel;
  readonly #connection: PeerConnection;
  readonly #stopping = new AbortController();

  constructor(address: PeerAddress, identity: LedgerIdentity, patience: Partial<Patience> = {}) {
    this.#connection = new PeerConnection(address);
    this.gateway = this.#connection.as(identity);
    const parts = {
      counts: new TransactionCounts(),
      commitTimes: new CommitTimes(),
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      log: { info: () => {}, warn: () => {}, error: () => {} },
      // There is no mirror here.
      mirrored: async () => {},
      stopping: this.#stopping.signal,
    };
    this.channel = new FabricChannel(this.gateway, address, parts, { ...PATIENCE, ...patience });
  }

  close(): void {
    this.#stopping.abort();
    this.#connection.close();
  }
}
