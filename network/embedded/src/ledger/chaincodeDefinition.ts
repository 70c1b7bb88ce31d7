import type { Membership } from '../membership/membership.js';
import { ImplicitPolicy, type Policy, SignaturePolicy } from '../membership/policy.js';
import { type common, decode, encode, peer } from '../wire/proto.js';
import {
  bytesValue,
  type LifecycleRecord,
  numberValue,
  type RecordState,
  readField,
  readRecordMetadata,
  textValue,
} from './lifecycleRecord.js';

const { ChaincodeEndorsementInfo, ChaincodeValidationInfo } = peer.lifecycle;

/** Namespace of the chaincode lifecycle. */
export const LIFECYCLE = '_lifecycle';
/** Prefix of the names of collections that belong to one organisation. */
const IMPLICIT_COLLECTION_PREFIX = '_implicit_org_';
const ENDORSEMENT_REFERENCE = '/Channel/Application/Endorsement';

/** The only plugins that this channel has: those that Fabric takes where a definition names none. */
export const ENDORSEMENT_PLUGIN = 'escc';
export const VALIDATION_PLUGIN = 'vscc';

/** What the channel has agreed upon about a chaincode. */
export interface ChaincodeDefinition {
  readonly name: string;
  /** Free text; here the digest of the chaincode's code. */
  readonly version: string;
  readonly sequence: number;
  /** Serialised `ApplicationPolicy`. */
  readonly validationParameter: Buffer;
  /** Serialised `CollectionConfigPackage`; empty where there are none. */
  readonly collections: Buffer;
}

/** Keys of the fields of a definition in the lifecycle's namespace, by field. */
export function definitionKeys(name: string) {
  const field = (each: string) => `namespaces/fields/${name}/${each}`;
  return {
    metadata: `namespaces/metadata/${name}`,
    collections: field('Collections'),
    endorsementInfo: field('EndorsementInfo'),
    sequence: field('Sequence'),
    validationInfo: field('ValidationInfo'),
  };
}

/** The collection that belongs to one organisation alone. */
export function implicitCollection(organization: string): string {
  return IMPLICIT_COLLECTION_PREFIX + organization;
}

/** The organisation that an implicit collection belongs to; undefined for any other collection. */
export function organizationOfCollection(collection: string): string | undefined {
  return collection.startsWith(IMPLICIT_COLLECTION_PREFIX)
    ? collection.slice(IMPLICIT_COLLECTION_PREFIX.length)
    : undefined;
}

/** Key of an approval: an organisation approves a definition for a name at a sequence. */
export function approvalName(name: string, sequence: number): string {
  return `${name}#${sequence}`;
}

/** A definition as the lifecycle keeps it in the public state. */
export function definitionRecord(definition: ChaincodeDefinition): LifecycleRecord {
  const fields = new Map([['Sequence', numberValue(definition.sequence)], ...parameterFields(definition)]);
  return { type: 'ChaincodeDefinition', fields };
}

/** An approval of a definition as the lifecycle keeps it in the organisation's own collection. */
export function approvalRecord(definition: ChaincodeDefinition): LifecycleRecord {
  return { type: 'ChaincodeParameters', fields: new Map(parameterFields(definition)) };
}

/** Which package serves an approved definition; '' for none. */
export function sourceRecord(packageId: string): LifecycleRecord {
  return { type: 'ChaincodeLocalPackage', fields: new Map([['PackageID', textValue(packageId)]]) };
}

function parameterFields(definition: ChaincodeDefinition): [string, Buffer][] {
  const endorsementInfo = new ChaincodeEndorsementInfo();
  endorsementInfo.setVersion(definition.version);
  endorsementInfo.setEndorsementPlugin(ENDORSEMENT_PLUGIN);
  const validationInfo = new ChaincodeValidationInfo();
  validationInfo.setValidationPlugin(VALIDATION_PLUGIN);
  validationInfo.setValidationParameter(definition.validationParameter);
  return [
    ['EndorsementInfo', bytesValue(encode(endorsementInfo))],
    ['ValidationInfo', bytesValue(encode(validationInfo))],
    ['Collections', bytesValue(definition.collections)],
  ];
}

/** Reads a definition back; undefined where the namespace has none of this name. */
export function readDefinition(name: string, get: RecordState['get']): ChaincodeDefinition | undefined {
  const sequence = readField('namespaces', name, 'Sequence', get).getInt64();
  return sequence ? readParameters(name, name, sequence, get) : undefined;
}

/** Reads an organisation's approval of a name at a sequence back; undefined where there is none. */
export function readApproval(name: string, sequence: number, get: RecordState['get']): ChaincodeDefinition | undefined {
  const key = approvalName(name, sequence);
  return readRecordMetadata('namespaces', key, get) && readParameters(name, key, sequence, get);
}

/** The package that serves an approved definition: '' for none, undefined where nothing is approved. */
export function approvedPackage(name: string, sequence: number, get: RecordState['get']): string | undefined {
  const key = approvalName(name, sequence);
  if (!readRecordMetadata('chaincode-sources', key, get)) return undefined;
  return readField('chaincode-sources', key, 'PackageID', get).getString();
}

function readParameters(name: string, key: string, sequence: number, get: RecordState['get']): ChaincodeDefinition {
  const field = (each: string) => readField('namespaces', key, each, get).getBytes_asU8();
  const endorsementInfo = decode(ChaincodeEndorsementInfo, field('EndorsementInfo'));
  const validationInfo = decode(ChaincodeValidationInfo, field('ValidationInfo'));
  return {
    name,
    sequence,
    version: endorsementInfo?.getVersion() ?? '',
    validationParameter: Buffer.from(validationInfo?.getValidationParameter_asU8() ?? []),
    collections: Buffer.from(field('Collections')),
  };
}

/** The validation parameter `majority of the organisations`, the channel's own Endorsement policy. */
export function majorityParameter(): Buffer {
  const policy = new peer.ApplicationPolicy();
  policy.setChannelConfigPolicyReference(ENDORSEMENT_REFERENCE);
  return encode(policy);
}

/** The validation parameter for a signature policy of the chaincode's own. */
export function signatureParameter(envelope: common.SignaturePolicyEnvelope): Buffer {
  const policy = new peer.ApplicationPolicy();
  policy.setSignaturePolicy(envelope);
  return encode(policy);
}

/** The policy that a validation parameter stands for. Throws where it is none that this channel knows. */
export function endorsementPolicy(parameter: Uint8Array, membership: Membership): Policy {
  const policy = decode(peer.ApplicationPolicy, parameter);
  const signature = policy?.getSignaturePolicy();
  if (signature) return new SignaturePolicy(signature);
  const reference = policy?.getChannelConfigPolicyReference() ?? '';
  if (reference === ENDORSEMENT_REFERENCE) return majorityEndorsement(membership);
  throw new Error(`unknown endorsement policy '${reference}'`);
}

/** The channel's Endorsement policy, which is also that of its lifecycle: peers of a majority of the organisations. */
export function majorityEndorsement(membership: Membership): Policy {
  return new ImplicitPolicy(membership, 'MAJORITY', 'Endorsement', 'peer');
}
