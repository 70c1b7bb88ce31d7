import type { Membership } from '../membership/membership.js';
import { type Policy, SignaturePolicy, signedByPeerOf } from '../membership/policy.js';
import {
  type ChaincodeDefinition,
  endorsementPolicy,
  LIFECYCLE,
  majorityEndorsement,
  organizationOfCollection,
  readDefinition,
} from './chaincodeDefinition.js';
import type { StateStore } from './stateStore.js';

/** A definition together with its policy, ready to be asked. */
export interface DefinedChaincode extends ChaincodeDefinition {
  readonly policy: Policy;
}

/** What one peer's state says about chaincodes, kept parsed until a block changes the lifecycle's namespace. */
export class Definitions {
  readonly #state: StateStore;
  readonly #membership: Membership;
  readonly #known = new Map<string, DefinedChaincode | undefined>();

  constructor(state: StateStore, membership: Membership) {
    this.#state = state;
    this.#membership = membership;
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

  /** The endorsement policy of a collection; undefined where the chaincode has no such collection. */
  collectionPolicy(collection: string): Policy | undefined {
    const organization = organizationOfCollection(collection);
    if (organization === undefined || !this.#membership.provider(organization)) return undefined;
    return new SignaturePolicy(signedByPeerOf(organization));
  }

  /** Whether an organisation's peers may hold the values of a collection. */
  isCollectionMember(collection: string, organization: string): boolean {
    return (
      organizationOfCollection(collection) === organization && this.#membership.provider(organization) !== undefined
    );
  }

  /** To be called when a block has written to the lifecycle's namespace. */
  forget(): void {
    this.#known.clear();
  }

  #read(name: string): DefinedChaincode | undefined {
    const definition = readDefinition(name, (key) => this.#state.get(LIFECYCLE, key)?.value);
    return definition && { ...definition, policy: endorsementPolicy(definition.validationParameter, this.#membership) };
  }
}
