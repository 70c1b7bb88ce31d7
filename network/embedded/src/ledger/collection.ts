import type { Membership } from '../membership/membership.js';
import { type Policy, SignaturePolicy, signedByPeerOf } from '../membership/policy.js';
import { decode, peer } from '../wire/proto.js';
import { endorsementPolicy, organizationOfCollection } from './chaincodeDefinition.js';

/** Whose peers hold the values of a private collection, and under which rules. */
export interface Collection {
  readonly name: string;
  /** Organisations whose peers may hold the values. */
  readonly organizations: ReadonlySet<string>;
  /** Other peers that must have been given a private set before it is endorsed. */
  readonly requiredPeerCount: number;
  /** Other peers that are given a private set when it is endorsed; the rest fetch it when it is committed. */
  readonly maximumPeerCount: number;
  /** Blocks after which values and hashes disappear; 0 for never. */
  readonly blockToLive: number;
  /** Whether only clients of these organisations may read (or write) through the chaincode. */
  readonly memberOnlyRead: boolean;
  readonly memberOnlyWrite: boolean;
  /** Who must endorse a write; undefined where the chaincode's own policy does. */
  readonly endorsementPolicy: Policy | undefined;
}

/** The collection that belongs to one organisation; undefined where the name is none of that kind. */
export function implicitCollectionOf(name: string, membership: Membership): Collection | undefined {
  const organization = organizationOfCollection(name);
  if (organization === undefined || !membership.provider(organization)) return undefined;
  return {
    name,
    organizations: new Set([organization]),
    requiredPeerCount: 0,
    maximumPeerCount: 0,
    blockToLive: 0,
    memberOnlyRead: false,
    memberOnlyWrite: false,
    endorsementPolicy: new SignaturePolicy(signedByPeerOf(organization)),
  };
}

/** The collections of a definition, by name. Throws where a policy in it cannot be read. */
export function readCollections(bytes: Uint8Array, membership: Membership): Map<string, Collection> {
  const found = new Map<string, Collection>();
  for (const each of decode(peer.CollectionConfigPackage, bytes)?.getConfigList() ?? []) {
    const config = each.getStaticCollectionConfig();
    if (config) found.set(config.getName(), readCollection(config, membership));
  }
  return found;
}

function readCollection(config: peer.StaticCollectionConfig, membership: Membership): Collection {
  const members = config.getMemberOrgsPolicy()?.getSignaturePolicy();
  const endorsement = config.getEndorsementPolicy();
  return {
    name: config.getName(),
    organizations: new Set(members ? new SignaturePolicy(members).organizations : []),
    requiredPeerCount: config.getRequiredPeerCount(),
    maximumPeerCount: config.getMaximumPeerCount(),
    blockToLive: config.getBlockToLive(),
    memberOnlyRead: config.getMemberOnlyRead(),
    memberOnlyWrite: config.getMemberOnlyWrite(),
    endorsementPolicy: endorsement && endorsementPolicy(endorsement.serializeBinary(), membership),
  };
}
