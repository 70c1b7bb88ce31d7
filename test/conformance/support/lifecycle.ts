import { peer } from '@hyperledger/fabric-protos';
import type { Caller } from './caller.js';
import { channelPolicy } from './policies.js';

const messages = peer.lifecycle;

/** A chaincode's definition, as organisations agree to it. */
export interface Definition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly policy?: peer.ApplicationPolicy;
  readonly collections?: peer.CollectionConfigPackage;
  readonly endorsementPlugin?: string;
}

type Described = peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs | peer.lifecycle.CommitChaincodeDefinitionArgs;

function describe<Args extends Described>(args: Args, definition: Definition): Args {
  args.setName(definition.name);
  args.setVersion(definition.version);
  args.setSequence(definition.sequence);
  args.setValidationParameter((definition.policy ?? channelPolicy()).serializeBinary());
  args.setEndorsementPlugin(definition.endorsementPlugin ?? '');
  args.setCollections(definition.collections);
  return args;
}

/** The chaincode lifecycle of the channel, as one hospital's person calls it. */
export class Lifecycle {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** `packageId` undefined: the organisation agrees without having the chaincode. */
  async approve(definition: Definition, packageId?: string, organizations = [this.#caller.msp]): Promise<number> {
    const args = describe(new messages.ApproveChaincodeDefinitionForMyOrgArgs(), definition);
    const source = new messages.ChaincodeSource();
    if (packageId === undefined) source.setUnavailable(new messages.ChaincodeSource.Unavailable());
    else {
      const local = new messages.ChaincodeSource.Local();
      local.setPackageId(packageId);
      source.setLocalPackage(local);
    }
    args.setSource(source);
    return await this.submit('ApproveChaincodeDefinitionForMyOrg', args.serializeBinary(), organizations);
  }

  async commit(definition: Definition, organizations?: string[]): Promise<number> {
    const args = describe(new messages.CommitChaincodeDefinitionArgs(), definition);
    return await this.submit('CommitChaincodeDefinition', args.serializeBinary(), organizations);
  }

  /** Which organisations agree to a definition. */
  async readiness(definition: Definition): Promise<[string, boolean][]> {
    const args = new messages.CheckCommitReadinessArgs();
    args.setName(definition.name);
    args.setVersion(definition.version);
    args.setSequence(definition.sequence);
    args.setValidationParameter((definition.policy ?? channelPolicy()).serializeBinary());
    args.setCollections(definition.collections);
    const answer = await this.evaluate('CheckCommitReadiness', args.serializeBinary());
    return [...messages.CheckCommitReadinessResult.deserializeBinary(answer).getApprovalsMap().entries()].sort();
  }

  async committed(name: string): Promise<peer.lifecycle.QueryChaincodeDefinitionResult> {
    const args = new messages.QueryChaincodeDefinitionArgs();
    args.setName(name);
    const answer = await this.evaluate('QueryChaincodeDefinition', args.serializeBinary());
    return messages.QueryChaincodeDefinitionResult.deserializeBinary(answer);
  }

  async approved(name: string, sequence = 0): Promise<peer.lifecycle.QueryApprovedChaincodeDefinitionResult> {
    const args = new messages.QueryApprovedChaincodeDefinitionArgs();
    args.setName(name);
    args.setSequence(sequence);
    const answer = await this.evaluate('QueryApprovedChaincodeDefinition', args.serializeBinary());
    return messages.QueryApprovedChaincodeDefinitionResult.deserializeBinary(answer);
  }

  /** Names of the chaincodes that have a definition. */
  async names(): Promise<string[]> {
    const args = new messages.QueryChaincodeDefinitionsArgs();
    const answer = await this.evaluate('QueryChaincodeDefinitions', args.serializeBinary());
    const result = messages.QueryChaincodeDefinitionsResult.deserializeBinary(answer);
    return result.getChaincodeDefinitionsList().map((each) => each.getName());
  }

  /** Calls a function of the lifecycle at the own peer. */
  async evaluate(name: string, ...args: Uint8Array[]): Promise<Uint8Array> {
    return await this.#contract.evaluate(name, { arguments: args, endorsingOrganizations: [this.#caller.msp] });
  }

  /** Has a function endorsed and committed, and resolves to its validation code. */
  async submit(name: string, args: Uint8Array, organizations?: string[]): Promise<number> {
    const options = organizations === undefined ? {} : { endorsingOrganizations: organizations };
    const transaction = await this.#contract.newProposal(name, { arguments: [args], ...options }).endorse();
    return (await this.#caller.commit(transaction)).code;
  }

  get #contract() {
    return this.#caller.network.getContract('_lifecycle');
  }
}
