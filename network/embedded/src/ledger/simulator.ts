import { sha256 } from '../wire/bytes.js';
import { definitionKeys, LIFECYCLE, organizationOfCollection } from './chaincodeDefinition.js';
import type { KeyRange } from './keyRange.js';
import { type Metadata, VALIDATION_PARAMETER } from './metadata.js';
import type { PeerLedger } from './peerLedger.js';
import { RangeScan } from './rangeScan.js';
import { type PrivateSet, ReadWriteSetBuilder } from './readWriteSetBuilder.js';
import { printVersion, sameVersion } from './version.js';

/** What must be endorsed, and so who must endorse (Fabric's `ChaincodeInterest`, for one chaincode). */
export interface EndorsementInterest {
  readonly chaincode: string;
  /** Whether the chaincode's own policy has to hold. */
  readonly needsChaincodePolicy: boolean;
  /** Policies of single keys that are written, serialised. */
  readonly keyPolicies: readonly Buffer[];
  /** Collections that are touched. Only peers that may hold a collection can endorse what read its values. */
  readonly collections: ReadonlyMap<string, { readonly hasPrivateReads: boolean }>;
}

/**
 * One transaction's view of a peer's ledger. Reads see the committed state only, never the transaction's own writes;
 * everything read and written is collected. Throws Errors with Fabric's texts.
 */
export class Simulator {
  readonly #ledger: PeerLedger;
  readonly #chaincode: string;
  readonly #transactionId: string;
  readonly #creator: string;
  readonly #builder = new ReadWriteSetBuilder();
  readonly #scans: RangeScan[] = [];
  readonly #keyPolicies: Buffer[] = [];
  /** Collections that are touched ('' is the public state), and whether the usual policy is needed for them. */
  readonly #needed = new Map<string, boolean>();
  readonly #privatelyRead = new Set<string>();
  #hasWritten = false;
  #hasQueriedPrivately = false;
  #hasPaged = false;

  /** `creator`: organisation of the client, for collections that only members may read or write. */
  constructor(ledger: PeerLedger, chaincode: string, transactionId: string, creator: string) {
    this.#ledger = ledger;
    this.#creator = creator;
    this.#chaincode = chaincode;
    this.#transactionId = transactionId;
    this.#readLifecycle('sequence');
  }

  getState(key: string): Buffer | undefined {
    const found = this.#ledger.state.get(this.#chaincode, key);
    this.#builder.addRead(this.#chaincode, key, found?.version);
    return found?.value;
  }

  getMetadata(key: string): Metadata | undefined {
    const found = this.#ledger.state.get(this.#chaincode, key);
    this.#builder.addRead(this.#chaincode, key, found?.version);
    return found?.metadata;
  }

  /** Writes a key; undefined or nothing deletes it. */
  putState(key: string, value: Buffer | undefined): void {
    this.#beforeWrite();
    this.#builder.addWrite(this.#chaincode, key, nonEmpty(value));
    this.#needPolicy('', this.#ledger.state.get(this.#chaincode, key)?.metadata);
  }

  putMetadata(key: string, entries: Metadata): void {
    this.#beforeWrite();
    this.#builder.addMetadataWrite(this.#chaincode, key, entries);
    this.#needPolicy('', this.#ledger.state.get(this.#chaincode, key)?.metadata);
  }

  /** Opens a range over the public state; `end` '' means without end, no page size or one below 1 without limit. */
  openRange(start: string, end: string, pageSize?: number): RangeScan {
    if (pageSize !== undefined) {
      if (this.#hasWritten) throw this.#unsupported('Paginated queries are supported only in a read-only transaction');
      this.#hasPaged = true;
    }
    const read = (range: KeyRange) => this.#ledger.state.range(this.#chaincode, range);
    const scan = new RangeScan(read, { start, end, ...(pageSize && pageSize > 0 ? { limit: pageSize } : {}) });
    this.#scans.push(scan);
    return scan;
  }

  getPrivate(collection: string, key: string): Buffer | undefined {
    this.#checkAccess(collection, 'read');
    this.#checkDefined(collection);
    const found = this.#ledger.privates.values.get(this.#chaincode, collection, key);
    const hash = this.#ledger.state.hash(this.#chaincode, collection, hexHash(key));
    if (!sameVersion(found?.version, hash?.version)) {
      throw new Error(
        `private data matching public hash version is not available. Public hash version = ${printVersion(hash?.version)}, Private data version = ${printVersion(found?.version)}`,
      );
    }
    this.#builder.addPrivateRead(this.#chaincode, collection, key, found?.version);
    this.#privatelyRead.add(collection);
    return found?.value;
  }

  getPrivateHash(collection: string, key: string): Buffer | undefined {
    return this.#readHash(collection, key)?.value;
  }

  getPrivateMetadata(collection: string, key: string): Metadata | undefined {
    this.#checkAccess(collection, 'read');
    return this.#readHash(collection, key)?.metadata;
  }

  putPrivate(collection: string, key: string, value: Buffer | undefined): void {
    this.#beforePrivateWrite(collection);
    this.#builder.addPrivateWrite(this.#chaincode, collection, key, nonEmpty(value));
    this.#needPolicy(collection, this.#hashMetadata(collection, key));
  }

  purgePrivate(collection: string, key: string): void {
    if (!collection) throw new Error('only applicable for private data');
    this.#beforePrivateWrite(collection);
    this.#builder.addPrivateWrite(this.#chaincode, collection, key, undefined, true);
    this.#needPolicy(collection, this.#hashMetadata(collection, key));
  }

  putPrivateMetadata(collection: string, key: string, entries: Metadata): void {
    this.#beforePrivateWrite(collection);
    this.#builder.addPrivateMetadataWrite(this.#chaincode, collection, key, entries);
    this.#needPolicy(collection, this.#hashMetadata(collection, key));
  }

  /** Opens a range over the private values of a collection. */
  openPrivateRange(collection: string, start: string, end: string): RangeScan {
    this.#checkAccess(collection, 'read');
    if (this.#hasWritten) {
      throw this.#unsupported('Queries on pvt data is supported only in a read-only transaction');
    }
    this.#hasQueriedPrivately = true;
    this.#checkDefined(collection);
    // Not collected: a transaction that queries private data can write nothing.
    const { values } = this.#ledger.privates;
    return new RangeScan((range) => values.range(this.#chaincode, collection, range), { start, end });
  }

  /** Rich queries are for other state databases: refuses one as a peer with LevelDB does. */
  refuseQuery(collection: string, isPaged: boolean): never {
    if (collection) this.#checkAccess(collection, 'read');
    throw new Error(
      `${isPaged && !collection ? 'ExecuteQueryWithMetadata' : 'ExecuteQuery'} not supported for leveldb`,
    );
  }

  /** Ends the simulation: what it read and wrote, and who has to endorse that. */
  finish(): { publicBytes: Buffer; privateSets: PrivateSet[]; interest: EndorsementInterest } {
    for (const scan of this.#scans) this.#builder.addRange(this.#chaincode, scan.read());
    const isTouched = this.#builder.namespaces.includes(this.#chaincode);
    return { ...this.#builder.build(), interest: this.#interest(isTouched) };
  }

  #interest(isTouched: boolean): EndorsementInterest {
    // Nothing but reads (or nothing at all): the chaincode's policy decides.
    const hasWrites = this.#needed.size > 0;
    const collections = new Map<string, { hasPrivateReads: boolean }>();
    for (const [collection, isNeeded] of this.#needed) {
      if (collection !== '' && isNeeded) collections.set(collection, { hasPrivateReads: false });
    }
    for (const collection of this.#privatelyRead) collections.set(collection, { hasPrivateReads: true });
    const isPublicNeeded = this.#needed.get('') === true || (isTouched && !hasWrites);
    const hasOther = this.#keyPolicies.length > 0 || collections.size > 0;
    return {
      chaincode: this.#chaincode,
      needsChaincodePolicy: isPublicNeeded || !hasOther,
      keyPolicies: this.#keyPolicies,
      collections,
    };
  }

  #needPolicy(collection: string, metadata: Metadata | undefined): void {
    const own = metadata?.get(VALIDATION_PARAMETER);
    if (!this.#needed.has('')) this.#needed.set('', false);
    if (own) this.#keyPolicies.push(own);
    else this.#needed.set(collection, true);
  }

  #readHash(collection: string, key: string) {
    this.#checkDefined(collection);
    const found = this.#ledger.state.hash(this.#chaincode, collection, hexHash(key));
    this.#builder.addPrivateRead(this.#chaincode, collection, key, found?.version);
    return found;
  }

  #hashMetadata(collection: string, key: string): Metadata | undefined {
    return this.#ledger.state.hash(this.#chaincode, collection, hexHash(key))?.metadata;
  }

  #beforeWrite(): void {
    if (this.#hasQueriedPrivately) {
      throw this.#unsupported('Transaction has already performed queries on pvt data. Writes are not allowed');
    }
    if (this.#hasPaged) {
      throw this.#unsupported('Transaction has already performed a paginated query. Writes are not allowed');
    }
    this.#hasWritten = true;
  }

  #beforePrivateWrite(collection: string): void {
    this.#checkAccess(collection, 'write');
    this.#checkDefined(collection);
    this.#beforeWrite();
  }

  /** Where the collection is none that belongs to an organisation, it has to be one of the definition's. */
  #checkAccess(collection: string, access: 'read' | 'write'): void {
    this.#readLifecycle('metadata', 'collections', 'endorsementInfo', 'sequence', 'validationInfo');
    if (organizationOfCollection(collection) !== undefined) return;
    const found = this.#ledger.definitions.collection(this.#chaincode, collection);
    if (!found) {
      throw new Error(`collection ${this.#ledger.channel}/${this.#chaincode}/${collection} could not be found`);
    }
    const isMembersOnly = access === 'read' ? found.memberOnlyRead : found.memberOnlyWrite;
    if (isMembersOnly && !found.organizations.has(this.#creator)) {
      throw new Error(
        `tx creator does not have ${access} access permission on privatedata in chaincodeName:${this.#chaincode} collectionName: ${collection}`,
      );
    }
  }

  #checkDefined(collection: string): void {
    this.#readLifecycle('metadata', 'collections', 'endorsementInfo', 'sequence', 'validationInfo');
    if (!this.#ledger.definitions.collection(this.#chaincode, collection)) {
      throw new Error(
        `collection [${collection}] not defined in the collection config for chaincode [${this.#chaincode}]`,
      );
    }
  }

  /** Fabric reads the chaincode's definition inside every simulation, so that a changed definition is a conflict. */
  #readLifecycle(...fields: (keyof ReturnType<typeof definitionKeys>)[]): void {
    // The lifecycle itself has no definition.
    if (this.#chaincode === LIFECYCLE) return;
    const keys = definitionKeys(this.#chaincode);
    for (const field of fields) {
      const key = keys[field];
      this.#builder.addRead(LIFECYCLE, key, this.#ledger.state.get(LIFECYCLE, key)?.version);
    }
  }

  #unsupported(what: string): Error {
    // Fabric's own spelling.
    return new Error(`txid [${this.#transactionId}]: unsuppored transaction. ${what}`);
  }
}

function nonEmpty(value: Buffer | undefined): Buffer | undefined {
  return value && value.length > 0 ? value : undefined;
}

function hexHash(key: string): string {
  return sha256(Buffer.from(key)).toString('hex');
}
