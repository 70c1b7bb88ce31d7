import { peer } from '@hyperledger/fabric-protos';
import type { PeerAccess } from '../../peerAccess.js';

const {
  ApproveChaincodeDefinitionForMyOrgArgs,
  ChaincodeSource,
  CommitChaincodeDefinitionArgs,
  QueryApprovedChaincodeDefinitionArgs,
  QueryApprovedChaincodeDefinitionResult,
  QueryChaincodeDefinitionArgs,
  QueryChaincodeDefinitionResult,
} = peer.lifecycle;

const LIFECYCLE = '_lifecycle';

/** A majority of the hospitals endorses a transaction. */
const ENDORSEMENT_POLICY = '/Channel/Application/Endorsement';

/** A chaincode's definition, as every hospital agrees to it. */
export interface Definition {
  readonly name: string;
  /** The chaincode's digest. */
  readonly version: string;
  readonly sequence: number;
}

/** What a hospital's admin asks of the channel: Fabric's chaincode lifecycle, over the own peer. */
export class Lifecycle {
  readonly #access: PeerAccess;

  constructor(access: PeerAccess) {
    this.#access = access;
  }

  /** The committed definition, or undefined when there is none. */
  async committed(name: string): Promise<Definition | undefined> {
    const query = new QueryChaincodeDefinitionArgs();
    query.setName(name);
    const answer = await this.#query('QueryChaincodeDefinition', query.serializeBinary(), /is not defined/);
    if (answer === undefined) return undefined;
    const found = QueryChaincodeDefinitionResult.deserializeBinary(answer);
    return { name, version: found.getVersion(), sequence: found.getSequence() };
  }

  /** Whether the own hospital has approved this definition, served by this package. */
  async hasApproved({ name, version, sequence }: Definition, packageId: string): Promise<boolean> {
    const query = new QueryApprovedChaincodeDefinitionArgs();
    query.setName(name);
    query.setSequence(sequence);
    const answer = await this.#query('QueryApprovedChaincodeDefinition', query.serializeBinary(), /could not fetch/);
    if (answer === undefined) return false;
    const found = QueryApprovedChaincodeDefinitionResult.deserializeBinary(answer);
    const source = found.getSource()?.getLocalPackage()?.getPackageId();
    return found.getVersion() === version && source === packageId;
  }

  async approve({ name, version, sequence }: Definition, packageId: string): Promise<void> {
    const local = new ChaincodeSource.Local();
    local.setPackageId(packageId);
    const source = new ChaincodeSource();
    source.setLocalPackage(local);
    const args = new ApproveChaincodeDefinitionForMyOrgArgs();
    args.setName(name);
    args.setVersion(version);
    args.setSequence(sequence);
    args.setValidationParameter(endorsementPolicy());
    args.setSource(source);
    await this.#submit('ApproveChaincodeDefinitionForMyOrg', args.serializeBinary(), [this.#access.msp]);
  }

  async commit({ name, version, sequence }: Definition): Promise<void> {
    const args = new CommitChaincodeDefinitionArgs();
    args.setName(name);
    args.setVersion(version);
    args.setSequence(sequence);
    args.setValidationParameter(endorsementPolicy());
    await this.#submit('CommitChaincodeDefinition', args.serializeBinary());
  }

  /** @param absent words of the answer that there is nothing. */
  async #query(name: string, args: Uint8Array, absent: RegExp): Promise<Uint8Array | undefined> {
    try {
      const contract = this.#access.network.getContract(LIFECYCLE);
      return await contract.evaluate(name, { arguments: [args], endorsingOrganizations: [this.#access.msp] });
    } catch (error) {
      if (error instanceof Error && absent.test(error.message)) return undefined;
      throw error;
    }
  }

  async #submit(name: string, args: Uint8Array, organizations?: string[]): Promise<void> {
    const contract = this.#access.network.getContract(LIFECYCLE);
    const options = organizations === undefined ? {} : { endorsingOrganizations: organizations };
    await contract.submit(name, { arguments: [args], ...options });
  }
}

function endorsementPolicy(): Uint8Array {
  const policy = new peer.ApplicationPolicy();
  policy.setChannelConfigPolicyReference(ENDORSEMENT_POLICY);
  return policy.serializeBinary();
}
