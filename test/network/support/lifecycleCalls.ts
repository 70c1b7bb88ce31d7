import type { Gateway } from '@hyperledger/fabric-gateway';
import { peer } from '@hyperledger/fabric-protos';

const messages = peer.lifecycle;

/** A definition as a test proposes it; the channel's own majority endorses unless it says otherwise. */
export interface ProposedDefinition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly collections?: peer.CollectionConfigPackage;
  readonly policy?: peer.ApplicationPolicy;
}

/** Fabric's chaincode lifecycle as one person calls it through one hospital's peer. */
export class LifecycleCalls {
  readonly #msp: string;
  readonly #gateway: Gateway;
  readonly #channel: string;

  constructor(gateway: Gateway, msp: string, channel: string) {
    this.#gateway = gateway;
    this.#msp = msp;
    this.#channel = channel;
  }

  async approve(definition: ProposedDefinition, packageId: string): Promise<void> {
    const args = fill(new messages.ApproveChaincodeDefinitionForMyOrgArgs(), definition);
    const local = new messages.ChaincodeSource.Local();
    local.setPackageId(packageId);
    const source = new messages.ChaincodeSource();
    source.setLocalPackage(local);
    args.setSource(source);
    await this.#contract.submit('ApproveChaincodeDefinitionForMyOrg', {
      arguments: [args.serializeBinary()],
      endorsingOrganizations: [this.#msp],
    });
  }

  /** Approvals and mismatches by hospital. */
  async readiness(definition: ProposedDefinition) {
    const args = fill(new messages.CheckCommitReadinessArgs(), definition);
    const bytes = await this.#ask('CheckCommitReadiness', args.serializeBinary());
    const result = messages.CheckCommitReadinessResult.deserializeBinary(bytes);
    return {
      approvals: Object.fromEntries(result.getApprovalsMap().toArray()),
      mismatches: Object.fromEntries(
        [...result.getMismatchesMap().entries()].map(([msp, items]) => [msp, items.getItemsList()]),
      ),
    };
  }

  async commit(definition: ProposedDefinition): Promise<void> {
    const args = fill(new messages.CommitChaincodeDefinitionArgs(), definition);
    await this.#contract.submit('CommitChaincodeDefinition', { arguments: [args.serializeBinary()] });
  }

  async approved(name: string, sequence = 0) {
    const args = new messages.QueryApprovedChaincodeDefinitionArgs();
    args.setName(name);
    args.setSequence(sequence);
    const bytes = await this.#ask('QueryApprovedChaincodeDefinition', args.serializeBinary());
    const result = messages.QueryApprovedChaincodeDefinitionResult.deserializeBinary(bytes);
    return {
      version: result.getVersion(),
      sequence: result.getSequence(),
      packageId: result.getSource()?.getLocalPackage()?.getPackageId(),
    };
  }

  async committed(name: string) {
    const args = new messages.QueryChaincodeDefinitionArgs();
    args.setName(name);
    const bytes = await this.#ask('QueryChaincodeDefinition', args.serializeBinary());
    const result = messages.QueryChaincodeDefinitionResult.deserializeBinary(bytes);
    return {
      version: result.getVersion(),
      sequence: result.getSequence(),
      approvals: Object.fromEntries(result.getApprovalsMap().toArray()),
    };
  }

  /** Names of what is defined. */
  async definitions(): Promise<string[]> {
    const bytes = await this.#ask(
      'QueryChaincodeDefinitions',
      new messages.QueryChaincodeDefinitionsArgs().serializeBinary(),
    );
    const result = messages.QueryChaincodeDefinitionsResult.deserializeBinary(bytes);
    return result.getChaincodeDefinitionsList().map((each) => each.getName());
  }

  async install(content: Uint8Array): Promise<string> {
    const args = new messages.InstallChaincodeArgs();
    args.setChaincodeInstallPackage(content);
    const bytes = await this.#ask('InstallChaincode', args.serializeBinary());
    return messages.InstallChaincodeResult.deserializeBinary(bytes).getPackageId();
  }

  async installed(): Promise<string[]> {
    const bytes = await this.#ask(
      'QueryInstalledChaincodes',
      new messages.QueryInstalledChaincodesArgs().serializeBinary(),
    );
    const result = messages.QueryInstalledChaincodesResult.deserializeBinary(bytes);
    return result.getInstalledChaincodesList().map((each) => each.getPackageId());
  }

  get #contract() {
    return this.#gateway.getNetwork(this.#channel).getContract('_lifecycle');
  }

  async #ask(name: string, argument: Uint8Array): Promise<Uint8Array> {
    return await this.#contract.evaluate(name, { arguments: [argument], endorsingOrganizations: [this.#msp] });
  }
}

interface DefinitionMessage {
  setName(value: string): void;
  setVersion(value: string): void;
  setSequence(value: number): void;
  setCollections(value?: peer.CollectionConfigPackage): void;
  setValidationParameter(value: Uint8Array): void;
}

function fill<T extends DefinitionMessage>(message: T, definition: ProposedDefinition): T {
  message.setName(definition.name);
  message.setVersion(definition.version);
  message.setSequence(definition.sequence);
  if (definition.collections) message.setCollections(definition.collections);
  if (definition.policy) message.setValidationParameter(definition.policy.serializeBinary());
  return message;
}
