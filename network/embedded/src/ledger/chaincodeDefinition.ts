import type { Membership } from '../membership/membership.js';
import { ImplicitPolicy, type Policy, SignaturePolicy } from '../membership/policy.js';
import { type common, decode, encode, peer } from '../wire/proto.js';

const { StateData, StateMetadata, ChaincodeEndorsementInfo, ChaincodeValidationInfo } = peer.lifecycle;

/** Namespace of the chaincode lifecycle. */
export const LIFECYCLE = '_lifecycle';
/** Prefix of the names of collections that belong to one organisation. */
const IMPLICIT_COLLECTION_PREFIX = '_implicit_org_';
const ENDORSEMENT_REFERENCE = '/Channel/Application/Endorsement';

/** What the channel has agreed upon about a chaincode. */
export interface ChaincodeDefinition {
  readonly name: string;
  /** Free text; here the digest of the chaincode's code. */
  readonly version: string;
  readonly sequence: number;
  /** Serialised `ApplicationPolicy`. */
  readonly validationParameter: Buffer;
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

/** Writes that put a definition into the lifecycle's namespace, as Fabric's lifecycle lays it out. */
export function definitionWrites(definition: ChaincodeDefinition): Map<string, Buffer> {
  const keys = definitionKeys(definition.name);
  const metadata = new StateMetadata();
  metadata.setDatatype('ChaincodeDefinition');
  metadata.setFieldsList(['Sequence', 'EndorsementInfo', 'ValidationInfo', 'Collections']);
  const endorsementInfo = new ChaincodeEndorsementInfo();
  endorsementInfo.setVersion(definition.version);
  endorsementInfo.setEndorsementPlugin('escc');
  const validationInfo = new ChaincodeValidationInfo();
  validationInfo.setValidationPlugin('vscc');
  validationInfo.setValidationParameter(definition.validationParameter);
  const sequence = new StateData();
  sequence.setInt64(definition.sequence);
  return new Map([
    [keys.collections, bytesField(encode(new peer.CollectionConfigPackage()))],
    [keys.endorsementInfo, bytesField(encode(endorsementInfo))],
    [keys.sequence, encode(sequence)],
    [keys.validationInfo, bytesField(encode(validationInfo))],
    [keys.metadata, encode(metadata)],
  ]);
}

/** Reads a definition back; undefined where the namespace has none of this name. */
export function readDefinition(
  name: string,
  get: (key: string) => Uint8Array | undefined,
): ChaincodeDefinition | undefined {
  const keys = definitionKeys(name);
  const field = (key: string) => {
    const bytes = get(key);
    return bytes && StateData.deserializeBinary(bytes);
  };
  const sequence = field(keys.sequence)?.getInt64();
  if (!sequence) return undefined;
  const endorsementInfo = decode(
    ChaincodeEndorsementInfo,
    field(keys.endorsementInfo)?.getBytes_asU8() ?? new Uint8Array(),
  );
  const validationInfo = decode(
    ChaincodeValidationInfo,
    field(keys.validationInfo)?.getBytes_asU8() ?? new Uint8Array(),
  );
  return {
    name,
    sequence,
    version: endorsementInfo?.getVersion() ?? '',
    validationParameter: Buffer.from(validationInfo?.getValidationParameter_asU8() ?? []),
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

function bytesField(bytes: Buffer): Buffer {
  const field = new StateData();
  field.setBytes(bytes);
  return encode(field);
}
