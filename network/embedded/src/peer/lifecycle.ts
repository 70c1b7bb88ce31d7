import {
  approvalName,
  approvalRecord,
  approvedPackage,
  type ChaincodeDefinition,
  definitionRecord,
  ENDORSEMENT_PLUGIN,
  implicitCollection,
  majorityParameter,
  readApproval,
  readDefinition,
  sourceRecord,
  VALIDATION_PLUGIN,
} from '../ledger/chaincodeDefinition.js';
import { collectionsRefusal } from '../ledger/collectionRules.js';
import {
  type RecordState,
  readField,
  readRecordMetadata,
  recordMismatches,
  writeRecord,
} from '../ledger/lifecycleRecord.js';
import type { PeerLedger } from '../ledger/peerLedger.js';
import type { Simulator } from '../ledger/simulator.js';
import type { Membership } from '../membership/membership.js';
import { buffer } from '../wire/bytes.js';
import { decode, encode, type Message, peer } from '../wire/proto.js';
import type { InstalledPackages } from './installedPackages.js';

const messages = peer.lifecycle;

const NAME = /^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/;
const VERSION = /^[A-Za-z0-9_.+-]+$/;
const SYSTEM_NAMES = ['cscc', 'escc', 'lscc', 'qscc', 'vscc'];

/** What is not there: an answer of 404, not of 500. */
export class NotFoundError extends Error {}

/** Who may call a function: only an admin of the peer's own hospital, or any writer of the channel. */
type Caller = 'own admin' | 'writer';

const CALLERS = new Map<string, Caller>([
  ['InstallChaincode', 'own admin'],
  ['QueryInstalledChaincode', 'own admin'],
  ['QueryInstalledChaincodes', 'own admin'],
  ['GetInstalledChaincodePackage', 'own admin'],
  ['ApproveChaincodeDefinitionForMyOrg', 'own admin'],
  ['QueryApprovedChaincodeDefinition', 'own admin'],
  ['QueryApprovedChaincodeDefinitions', 'own admin'],
  ['CheckCommitReadiness', 'writer'],
  ['CommitChaincodeDefinition', 'writer'],
  ['QueryChaincodeDefinition', 'writer'],
  ['QueryChaincodeDefinitions', 'writer'],
]);

/** A definition as a client proposes it. */
type DefinitionArgs =
  | peer.lifecycle.CommitChaincodeDefinitionArgs
  | peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs;

/**
 * Fabric's chaincode lifecycle at one hospital's peer: packages, the hospital's approvals in its own collection, and the
 * definitions that a majority commits. Throws Errors in Fabric's words.
 */
export class Lifecycle {
  readonly #ledger: PeerLedger;
  readonly #membership: Membership;
  readonly #packages: InstalledPackages;

  constructor(ledger: PeerLedger, membership: Membership, packages: InstalledPackages) {
    this.#ledger = ledger;
    this.#membership = membership;
    this.#packages = packages;
  }

  /** Who may call a function; undefined where there is none of this name. */
  callerOf(name: string): Caller | undefined {
    return CALLERS.get(name);
  }

  /** Runs a function; undefined where it needs the channel and is called outside it, or is not supported. */
  invoke(name: string, argument: Buffer, simulator: Simulator | undefined): Buffer | undefined {
    const answer = this.#installed(name, argument) ?? (simulator && this.#onChannel(name, argument, simulator));
    return answer && encode(answer);
  }

  #installed(name: string, argument: Buffer): Message | undefined {
    switch (name) {
      case 'InstallChaincode':
        return this.#install(read(messages.InstallChaincodeArgs, argument, name));
      case 'QueryInstalledChaincode':
        return this.#queryInstalled(read(messages.QueryInstalledChaincodeArgs, argument, name).getPackageId());
      case 'QueryInstalledChaincodes': {
        const result = new messages.QueryInstalledChaincodesResult();
        result.setInstalledChaincodesList(
          this.#packages.all.map(({ packageId, label }) => {
            const each = new messages.QueryInstalledChaincodesResult.InstalledChaincode();
            each.setPackageId(packageId);
            each.setLabel(label);
            return each;
          }),
        );
        return result;
      }
      default:
        return undefined;
    }
  }

  #onChannel(name: string, argument: Buffer, simulator: Simulator): Message | undefined {
    switch (name) {
      case 'ApproveChaincodeDefinitionForMyOrg':
        return this.#approve(read(messages.ApproveChaincodeDefinitionForMyOrgArgs, argument, name), simulator);
      case 'CheckCommitReadiness':
        return this.#checkReadiness(read(messages.CheckCommitReadinessArgs, argument, name), simulator);
      case 'CommitChaincodeDefinition':
        return this.#commit(read(messages.CommitChaincodeDefinitionArgs, argument, name), simulator);
      case 'QueryApprovedChaincodeDefinition':
        return this.#queryApproved(read(messages.QueryApprovedChaincodeDefinitionArgs, argument, name), simulator);
      case 'QueryChaincodeDefinition':
        return this.#queryDefinition(read(messages.QueryChaincodeDefinitionArgs, argument, name).getName(), simulator);
      case 'QueryChaincodeDefinitions':
        return this.#queryDefinitions(simulator);
      default:
        return undefined;
    }
  }

  #install(args: peer.lifecycle.InstallChaincodeArgs): Message {
    const { packageId, label } = this.#packages.install(buffer(args.getChaincodeInstallPackage_asU8()));
    const result = new messages.InstallChaincodeResult();
    result.setPackageId(packageId);
    result.setLabel(label);
    return result;
  }

  #queryInstalled(packageId: string): Message {
    const found = this.#packages.get(packageId);
    if (!found) throw new Error(`could not find chaincode with package id '${packageId}'`);
    const result = new messages.QueryInstalledChaincodeResult();
    result.setPackageId(found.packageId);
    result.setLabel(found.label);
    return result;
  }

  #approve(args: peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs, simulator: Simulator): Message {
    const definition = this.#definitionOf(args);
    const packageId = args.getSource()?.getLocalPackage()?.getPackageId() ?? '';
    const { name, sequence } = definition;
    const current = currentSequence(name, simulator);
    if (sequence === 0 && current === 0) {
      throw new Error('requested sequence is 0, but first definable sequence number is 1');
    }
    if (sequence < current) {
      throw new Error(`currently defined sequence ${current} is larger than requested sequence ${sequence}`);
    }
    if (sequence > current + 1) {
      throw new Error(
        `requested sequence ${sequence} is larger than the next available sequence number ${current + 1}`,
      );
    }
    const own = privateState(simulator, this.#ledger.organization);
    const isUnchanged = () => isApproved(definition, packageId, own);
    if (sequence === current) {
      const committed = readDefinition(name, publicState(simulator).get);
      const difference = committed && differenceBetween(committed, definition);
      const what = `attempted to redefine the current committed sequence (${current}) for namespace ${name}`;
      if (difference !== undefined) throw new Error(`${what} with different parameters: ${difference}`);
      if (isUnchanged()) throw new Error(what);
    } else if (isUnchanged()) {
      throw new Error(
        `attempted to redefine uncommitted sequence (${sequence}) for namespace ${name} with unchanged content`,
      );
    }
    const key = approvalName(name, sequence);
    writeRecord('namespaces', key, approvalRecord(definition), own);
    writeRecord('chaincode-sources', key, sourceRecord(packageId), own);
    return new messages.ApproveChaincodeDefinitionForMyOrgResult();
  }

  #checkReadiness(args: peer.lifecycle.CheckCommitReadinessArgs, simulator: Simulator): Message {
    const definition = proposedDefinition(args);
    requireNextSequence(definition, simulator);
    const result = new messages.CheckCommitReadinessResult();
    for (const [organization, mismatches] of this.#mismatches(definition, simulator)) {
      result.getApprovalsMap().set(organization, mismatches.length === 0);
      if (mismatches.length === 0) continue;
      const items = new messages.CheckCommitReadinessResult.Mismatches();
      items.setItemsList(mismatches);
      result.getMismatchesMap().set(organization, items);
    }
    return result;
  }

  #commit(args: peer.lifecycle.CommitChaincodeDefinitionArgs, simulator: Simulator): Message {
    const definition = this.#definitionOf(args);
    requireNextSequence(definition, simulator);
    const approvals = this.#mismatches(definition, simulator);
    writeRecord('namespaces', definition.name, definitionRecord(definition), publicState(simulator));
    const { organization } = this.#ledger;
    if (approvals.get(organization)?.length !== 0) {
      throw new Error(`chaincode definition not agreed to by this org (${organization})`);
    }
    return new messages.CommitChaincodeDefinitionResult();
  }

  #queryApproved(args: peer.lifecycle.QueryApprovedChaincodeDefinitionArgs, simulator: Simulator): Message {
    const name = args.getName();
    const own = privateState(simulator, this.#ledger.organization);
    let sequence = args.getSequence();
    if (sequence === 0) {
      sequence = currentSequence(name, simulator);
      if (readRecordMetadata('namespaces', approvalName(name, sequence + 1), own.get)) sequence += 1;
    }
    const found = readApproval(name, sequence, own.get);
    if (!found) {
      throw new Error(
        `could not fetch approved chaincode definition (name: '${name}', sequence: '${sequence}') on channel '${this.#ledger.channel}'`,
      );
    }
    const result = new messages.QueryApprovedChaincodeDefinitionResult();
    describe(result, found);
    const source = new messages.ChaincodeSource();
    const packageId = approvedPackage(name, sequence, own.get);
    if (packageId) {
      const local = new messages.ChaincodeSource.Local();
      local.setPackageId(packageId);
      source.setLocalPackage(local);
    } else source.setUnavailable(new messages.ChaincodeSource.Unavailable());
    result.setSource(source);
    return result;
  }

  #queryDefinition(name: string, simulator: Simulator): Message {
    const found = readDefinition(name, publicState(simulator).get);
    if (!found) throw new NotFoundError(`namespace ${name} is not defined`);
    const result = new messages.QueryChaincodeDefinitionResult();
    describe(result, found);
    for (const [organization, mismatches] of this.#mismatches(found, simulator)) {
      result.getApprovalsMap().set(organization, mismatches.length === 0);
    }
    return result;
  }

  #queryDefinitions(simulator: Simulator): Message {
    const result = new messages.QueryChaincodeDefinitionsResult();
    result.setChaincodeDefinitionsList(
      this.#ledger.definitions.names.flatMap((name) => {
        const found = readDefinition(name, publicState(simulator).get);
        if (!found) return [];
        const each = new messages.QueryChaincodeDefinitionsResult.ChaincodeDefinition();
        each.setName(name);
        describe(each, found);
        return [each];
      }),
    );
    return result;
  }

  /** What each hospital's approval differs in from a definition; nothing: it has approved. */
  #mismatches(definition: ChaincodeDefinition, simulator: Simulator): Map<string, string[]> {
    const key = approvalName(definition.name, definition.sequence);
    const record = approvalRecord(definition);
    return new Map(
      this.#membership.organizations.map((organization) => {
        const collection = implicitCollection(organization);
        const hashOf = (each: string) => simulator.getPrivateHash(collection, each);
        return [organization, recordMismatches('namespaces', key, record, hashOf)];
      }),
    );
  }

  #definitionOf(args: DefinitionArgs): ChaincodeDefinition {
    const definition = proposedDefinition(args);
    const refusal = this.#refusal(definition, args);
    if (refusal !== undefined) throw new Error(`error validating chaincode definition: ${refusal}`);
    return definition;
  }

  #refusal({ name, version, collections }: ChaincodeDefinition, args: DefinitionArgs): string | undefined {
    if (!NAME.test(name)) {
      return `invalid chaincode name '${name}'. Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics`;
    }
    if (SYSTEM_NAMES.includes(name)) return `chaincode name '${name}' is the name of a system chaincode`;
    if (!VERSION.test(version)) {
      return `invalid chaincode version '${version}'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'`;
    }
    const committed = this.#ledger.definitions.get(name)?.collections ?? Buffer.alloc(0);
    return collectionsRefusal(collections, committed, this.#membership) ?? unsupported(args);
  }
}

/** What a definition may ask for in Fabric, and not here. */
function unsupported(args: DefinitionArgs): string | undefined {
  if (args.getInitRequired()) return 'the embedded channel does not support init-required';
  const plugins = [args.getEndorsementPlugin(), args.getValidationPlugin()];
  const other = plugins.find((each) => each !== '' && each !== ENDORSEMENT_PLUGIN && each !== VALIDATION_PLUGIN);
  return other === undefined ? undefined : `the embedded channel does not have the plugin '${other}'`;
}

function proposedDefinition(args: DefinitionArgs | peer.lifecycle.CheckCommitReadinessArgs): ChaincodeDefinition {
  const parameter = buffer(args.getValidationParameter_asU8());
  const collections = args.getCollections();
  return {
    name: args.getName(),
    version: args.getVersion(),
    sequence: args.getSequence(),
    validationParameter: parameter.length > 0 ? parameter : majorityParameter(),
    collections: collections ? encode(collections) : Buffer.alloc(0),
  };
}

function describe(
  result:
    | peer.lifecycle.QueryChaincodeDefinitionResult
    | peer.lifecycle.QueryApprovedChaincodeDefinitionResult
    | peer.lifecycle.QueryChaincodeDefinitionsResult.ChaincodeDefinition,
  definition: ChaincodeDefinition,
): void {
  result.setSequence(definition.sequence);
  result.setVersion(definition.version);
  result.setEndorsementPlugin(ENDORSEMENT_PLUGIN);
  result.setValidationPlugin(VALIDATION_PLUGIN);
  result.setValidationParameter(definition.validationParameter);
  result.setCollections(peer.CollectionConfigPackage.deserializeBinary(definition.collections));
}

function currentSequence(name: string, simulator: Simulator): number {
  return readField('namespaces', name, 'Sequence', publicState(simulator).get).getInt64();
}

function requireNextSequence({ name, sequence }: ChaincodeDefinition, simulator: Simulator): void {
  const next = currentSequence(name, simulator) + 1;
  if (sequence === next) return;
  throw new Error(`requested sequence is ${sequence}, but new definition must be sequence ${next}`);
}

function isApproved(definition: ChaincodeDefinition, packageId: string, own: RecordState): boolean {
  const { name, sequence } = definition;
  const approved = readApproval(name, sequence, own.get);
  if (!approved || differenceBetween(approved, definition) !== undefined) return false;
  return approvedPackage(name, sequence, own.get) === packageId;
}

/** The first difference between what stands and what is asked for, in Fabric's words. */
function differenceBetween(stored: ChaincodeDefinition, asked: ChaincodeDefinition): string | undefined {
  if (stored.version !== asked.version) {
    return `expected Version '${stored.version}' does not match passed Version '${asked.version}'`;
  }
  if (!stored.validationParameter.equals(asked.validationParameter)) {
    const [before, after] = [stored, asked].map((each) => each.validationParameter.toString('hex'));
    return `expected ValidationParameter '${before}' does not match passed ValidationParameter '${after}'`;
  }
  return stored.collections.equals(asked.collections) ? undefined : 'Collections do not match';
}

function publicState(simulator: Simulator): RecordState {
  return {
    get: (key) => simulator.getState(key),
    put: (key, value) => simulator.putState(key, value),
    remove: (key) => simulator.putState(key, undefined),
  };
}

function privateState(simulator: Simulator, organization: string): RecordState {
  const collection = implicitCollection(organization);
  return {
    get: (key) => simulator.getPrivate(collection, key),
    put: (key, value) => simulator.putPrivate(collection, key, value),
    remove: (key) => simulator.putPrivate(collection, key, undefined),
  };
}

function read<T>(type: { deserializeBinary(bytes: Uint8Array): T }, bytes: Uint8Array, name: string): T {
  const message = decode(type, bytes);
  if (message === undefined) {
    const what = `could not decode input arg for *lifecycle.Invocation.${name}`;
    throw new Error(`${what}: proto: cannot parse invalid wire-format data`);
  }
  return message;
}
