import type { Membership } from '../membership/membership.js';
import type { Policy } from '../membership/policy.js';
import {
  type ChaincodeDefinition,
  endorsementPolicy,
  LIFECYCLE,
  majorityEndorsement,
  readDefinition,
} from './chaincodeDefinition.js';
import { type Collection, implicitCollectionOf, readCollections } from './collection.js';
import { metadataKey } from './lifecycleRecord.js';
import type { StateStore } from './stateStore.js';

/** A definition together with its policy and collections, ready to be asked. */
export interface DefinedChaincode extends ChaincodeDefinition {
  readonly policy: Policy;
  readonly collectionsByName: ReadonlyMap<string, Collection>;
}

/** A collection whose values live only for some blocks. */
export interface ExpiringCollection {
  readonly namespace: string;
  readonly collection: string;
  readonly blockToLive: number;
}

/** Most chaincodes of a channel that are looked through; the lifecycle's own limit is the state's size. */
const CHAINCODES_MAX = 10_000;

/** What one peer's state says about chaincodes, kept parsed until a block changes the lifecycle's namespace. */
export class Definitions {
  readonly #state: StateStore;
  readonly #membership: Membership;
  readonly #known = new Map<string, DefinedChaincode | undefined>();
  #expiring: readonly ExpiringCollection[] | undefined;

  constructor(state: StateStore, membership: Membership) {
    this.#state = state;
    this.#membership = membership;
  }

  /** Names of the chaincodes that are defined, in the order of their bytes. */
  get names(): string[] {
    const start = metadataKey('namespaces', '');
    // '0' is the byte after '/'.
    const range = { start, after: false, end: `${start.slice(0, -1)}0`, count: CHAINCODES_MAX };
    return this.#state.range(LIFECYCLE, range).map(({ key }) => key.slice(start.length));
  }

  /** A chaincode's definition; undefined where the channel has none of this name. */
  get(name: string): DefinedChaincode | undefined {
    if (!this.#known.has(name)) this.#known.set(name, this.#read(name));
    return this.#known.get(name);
  }

  /** The endorsement policy of a namespace; undefined where nothing may write to it. */
  policyOf(namespace: string): Policy | undefined {
    return namespace === LIFECYCLE ? majorityEndorsement(this.#membership) : this.get(namespace)?.policy;
  }

  /** A collection of a chaincode, be it of its definition or an organisation's own; undefined where there is none. */
  collection(namespace: string, name: string): Collection | undefined {
    return implicitCollectionOf(name, this.#membership) ?? this.get(namespace)?.collectionsByName.get(name);
  }

  /** The endorsement policy of a collection; undefined where the chaincode has no such collection. */
  collectionPolicy(namespace: string, collection: string): Policy | undefined {
    const found = this.collection(namespace, collection);
    return found && (found.endorsementPolicy ?? this.policyOf(namespace));
  }

  /** Whether an organisation's peers may hold the values of a collection. */
  isCollectionMember(namespace: string, collection: string, organization: string): boolean {
    return this.collection(namespace, collection)?.organizations.has(organization) === true;
  }

  /** Every collection whose values live only for some blocks. */
  expiring(): readonly ExpiringCollection[] {
    this.#expiring ??= this.names.flatMap((namespace) =>
      [...(this.get(namespace)?.collectionsByName.values() ?? [])]
        .filter(({ blockToLive }) => blockToLive > 0)
        .map(({ name, blockToLive }) => ({ namespace, collection: name, blockToLive })),
    );
    return this.#expiring;
  }

  /** To be called when a block has written to the lifecycle's namespace. */
  forget(): void {
    this.#known.clear();
    this.#expiring = undefined;
  }

  #read(name: string): DefinedChaincode | undefined {
    const definition = readDefinition(name, (key) => this.#state.get(LIFECYCLE, key)?.value);
    return (
      definition && {
        ...definition,
        policy: endorsementPolicy(definition.validationParameter, this.#membership),
        collectionsByName: readCollections(definition.collections, this.#membership),
      }
    );
  }
}
