import type { ChainReader } from '../ledger/chainReader.js';
import type { Metadata } from '../ledger/metadata.js';
import type { PeerLedger } from '../ledger/peerLedger.js';
import type { RangeScan } from '../ledger/rangeScan.js';
import type { Simulator } from '../ledger/simulator.js';
import { buffer } from '../wire/bytes.js';
import { decode, encode, ledger, peer } from '../wire/proto.js';
import { KeyHistory } from './keyHistory.js';
import { Queries, type QueryResults } from './queries.js';

const Type = peer.ChaincodeMessage.Type;
const { KV } = ledger.queryresult;

/**
 * Answers what a chaincode asks for while it executes one transaction. Throws Errors with Fabric's texts, which the
 * chaincode gets as errors of its stub calls.
 */
export class StubRequests {
  readonly #simulator: Simulator;
  readonly #ledger: PeerLedger;
  readonly #chain: ChainReader;
  readonly #chaincode: string;
  readonly #transactionId: string;
  readonly #isSameProcess: (chaincode: string) => boolean;
  readonly #queries = new Queries();

  constructor(parts: {
    simulator: Simulator;
    ledger: PeerLedger;
    chain: ChainReader;
    chaincode: string;
    transactionId: string;
    /** Whether the process of this chaincode serves another one, too. */
    isSameProcess: (chaincode: string) => boolean;
  }) {
    this.#simulator = parts.simulator;
    this.#ledger = parts.ledger;
    this.#chain = parts.chain;
    this.#chaincode = parts.chaincode;
    this.#transactionId = parts.transactionId;
    this.#isSameProcess = parts.isSameProcess;
  }

  /** The payload of the response to a request; undefined where this is no request that a peer answers. */
  answer(type: number, payload: Uint8Array): Buffer | undefined {
    switch (type) {
      case Type.GET_STATE:
        return this.#getState(read(peer.GetState, payload));
      case Type.PUT_STATE:
        return this.#putState(read(peer.PutState, payload));
      case Type.DEL_STATE:
        return this.#deleteState(read(peer.DelState, payload));
      case Type.PURGE_PRIVATE_DATA:
        return this.#purge(read(peer.DelState, payload));
      case Type.GET_PRIVATE_DATA_HASH:
        return this.#getPrivateHash(read(peer.GetState, payload));
      case Type.GET_STATE_METADATA:
        return this.#getMetadata(read(peer.GetStateMetadata, payload));
      case Type.PUT_STATE_METADATA:
        return this.#putMetadata(read(peer.PutStateMetadata, payload));
      case Type.GET_STATE_BY_RANGE:
        return this.#getRange(read(peer.GetStateByRange, payload));
      case Type.GET_QUERY_RESULT:
        return this.#refuseQuery(read(peer.GetQueryResult, payload));
      case Type.GET_HISTORY_FOR_KEY:
        return this.#getHistory(read(peer.GetHistoryForKey, payload));
      case Type.QUERY_STATE_NEXT:
        return encode(this.#queries.next(read(peer.QueryStateNext, payload).getId()));
      case Type.QUERY_STATE_CLOSE:
        return encode(this.#queries.close(read(peer.QueryStateClose, payload).getId()));
      case Type.INVOKE_CHAINCODE:
        return this.#invokeChaincode(read(peer.ChaincodeSpec, payload));
      default:
        return undefined;
    }
  }

  #getState(request: peer.GetState): Buffer {
    const collection = request.getCollection();
    const key = request.getKey();
    const value = collection ? this.#simulator.getPrivate(collection, key) : this.#simulator.getState(key);
    return value ?? EMPTY;
  }

  #putState(request: peer.PutState): Buffer {
    const collection = request.getCollection();
    const value = buffer(request.getValue_asU8());
    if (collection) this.#simulator.putPrivate(collection, request.getKey(), value);
    else this.#simulator.putState(request.getKey(), value);
    return EMPTY;
  }

  #deleteState(request: peer.DelState): Buffer {
    const collection = request.getCollection();
    if (collection) this.#simulator.putPrivate(collection, request.getKey(), undefined);
    else this.#simulator.putState(request.getKey(), undefined);
    return EMPTY;
  }

  #purge(request: peer.DelState): Buffer {
    this.#simulator.purgePrivate(request.getCollection(), request.getKey());
    return EMPTY;
  }

  #getPrivateHash(request: peer.GetState): Buffer {
    return this.#simulator.getPrivateHash(request.getCollection(), request.getKey()) ?? EMPTY;
  }

  #getMetadata(request: peer.GetStateMetadata): Buffer {
    const collection = request.getCollection();
    const key = request.getKey();
    const metadata = collection
      ? this.#simulator.getPrivateMetadata(collection, key)
      : this.#simulator.getMetadata(key);
    const result = new peer.StateMetadataResult();
    result.setEntriesList(
      [...(metadata ?? [])].map(([name, value]) => {
        const entry = new peer.StateMetadata();
        entry.setMetakey(name);
        entry.setValue(value);
        return entry;
      }),
    );
    return encode(result);
  }

  #putMetadata(request: peer.PutStateMetadata): Buffer {
    const collection = request.getCollection();
    const entry = request.getMetadata();
    const entries: Metadata = new Map(entry ? [[entry.getMetakey(), buffer(entry.getValue_asU8())]] : []);
    if (collection) this.#simulator.putPrivateMetadata(collection, request.getKey(), entries);
    else this.#simulator.putMetadata(request.getKey(), entries);
    return EMPTY;
  }

  #getRange(request: peer.GetStateByRange): Buffer {
    const collection = request.getCollection();
    const start = request.getStartkey();
    const end = request.getEndkey();
    if (collection) {
      return encode(this.#queries.start(this.#results(this.#simulator.openPrivateRange(collection, start, end))));
    }
    const paging = decode(peer.QueryMetadata, request.getMetadata_asU8());
    const size = paging?.getPagesize() ?? 0;
    const bookmark = paging?.getBookmark() ?? '';
    if (size === 0 && bookmark === '') {
      return encode(this.#queries.start(this.#results(this.#simulator.openRange(start, end))));
    }
    const scan = this.#simulator.openRange(bookmark || start, end, size);
    return encode(this.#queries.start(this.#results(scan), { size }));
  }

  #refuseQuery(request: peer.GetQueryResult): never {
    const paging = decode(peer.QueryMetadata, request.getMetadata_asU8());
    this.#simulator.refuseQuery(request.getCollection(), (paging?.getPagesize() ?? 0) !== 0 || !!paging?.getBookmark());
  }

  #getHistory(request: peer.GetHistoryForKey): Buffer {
    const key = request.getKey();
    const versions = this.#ledger.state.history(this.#chaincode, key);
    return encode(this.#queries.start(new KeyHistory(this.#chain, this.#chaincode, key, versions)));
  }

  #invokeChaincode(spec: peer.ChaincodeSpec): Buffer {
    const name = spec.getChaincodeId()?.getName() ?? '';
    const target = name.split(/[/:]/)[0] ?? '';
    const channel = name.split('/')[1] || this.#ledger.channel;
    if (channel !== this.#ledger.channel) throw new Error(`Failed to get policy manager for channel [${channel}]`);
    const original = `original invocation for '${this.#chaincode}'`;
    if (target === 'cscc') return completed(`Rejecting invoke of CSCC from another chaincode, ${original}`);
    if (target === 'qscc') {
      return completed(
        `Rejecting invoke of QSCC from another chaincode because of potential for deadlocks, ${original}`,
      );
    }
    // A process has one call of a transaction at a time.
    if (this.#isSameProcess(target)) {
      throw new Error(`execute failed: error sending: txid: ${this.#transactionId}(${this.#ledger.channel}) exists`);
    }
    if (!this.#ledger.definitions.get(target)) {
      throw new Error(
        `execute failed: invalid invocation: [channel ${channel}] failed to get chaincode container info for ${target}: chaincode ${target} not found`,
      );
    }
    throw new Error(
      `execute failed: the embedded channel does not support calls from one chaincode to another (${target})`,
    );
  }

  #results(scan: RangeScan): QueryResults {
    return {
      next: () => {
        const entry = scan.next();
        if (!entry) return undefined;
        const result = new KV();
        result.setNamespace(this.#chaincode);
        result.setKey(entry.key);
        result.setValue(entry.value);
        return encode(result);
      },
      bookmark: () => scan.bookmark(),
    };
  }
}

const EMPTY = Buffer.alloc(0);

function completed(error: string): Buffer {
  const response = new peer.Response();
  response.setStatus(500);
  response.setMessage(error);
  const message = new peer.ChaincodeMessage();
  message.setType(Type.COMPLETED);
  message.setPayload(encode(response));
  return encode(message);
}

function read<T>(type: { deserializeBinary(bytes: Uint8Array): T }, payload: Uint8Array): T {
  const message = decode(type, payload);
  if (message === undefined) throw new Error('unmarshal failed: proto: cannot parse invalid wire-format data');
  return message;
}
