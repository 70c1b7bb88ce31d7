import type { Membership } from '../membership/membership.js';
import { SignaturePolicy } from '../membership/policy.js';
import { type common, decode, peer } from '../wire/proto.js';

/** Fabric writes it with a nested repetition, which only its engine matches in linear time; the same names match this. */
const NAME = /^[A-Za-z0-9-][A-Za-z0-9_-]*$/;

/**
 * Why a definition may not have these collections, in Fabric's words; undefined where it may.
 *
 * @param proposed serialised `CollectionConfigPackage`.
 * @param committed that of the definition which is to be replaced.
 */
export function collectionsRefusal(
  proposed: Uint8Array,
  committed: Uint8Array,
  membership: Membership,
): string | undefined {
  const collections = staticCollections(proposed);
  if (!collections) return 'collection configuration is empty';
  const names = new Set<string>();
  for (const each of collections) {
    const refusal = collectionRefusal(each, names, membership);
    if (refusal !== undefined) return refusal;
    names.add(each.getName());
  }
  return replacementRefusal(collections, staticCollections(committed) ?? []);
}

function staticCollections(bytes: Uint8Array): peer.StaticCollectionConfig[] | undefined {
  const configs = decode(peer.CollectionConfigPackage, bytes)?.getConfigList();
  const collections = configs?.map((each) => each.getStaticCollectionConfig());
  return collections?.every((each) => each !== undefined) ? collections : undefined;
}

function collectionRefusal(
  config: peer.StaticCollectionConfig,
  names: ReadonlySet<string>,
  membership: Membership,
): string | undefined {
  const name = config.getName();
  const [required, maximum] = [config.getRequiredPeerCount(), config.getMaximumPeerCount()];
  if (!NAME.test(name)) {
    return `invalid collection name '${name}'. Names can only consist of alphanumerics, '_', and '-' and cannot begin with '_'`;
  }
  if (names.has(name)) return `collection-name: ${name} -- found duplicate in collection configuration`;
  if (maximum < required) {
    return `collection-name: ${name} -- maximum peer count (${maximum}) cannot be less than the required peer count (${required})`;
  }
  if (required < 0) return `collection-name: ${name} -- requiredPeerCount (${required}) cannot be less than zero`;
  const policy = config.getMemberOrgsPolicy();
  if (!policy) return `collection member policy is not set for collection '${name}'`;
  const signature = policy.getSignaturePolicy();
  if (!signature) return `collection member org policy is empty for collection '${name}'`;
  return memberPolicyRefusal(name, signature, membership);
}

function memberPolicyRefusal(
  name: string,
  envelope: common.SignaturePolicyEnvelope,
  membership: Membership,
): string | undefined {
  let organizations: readonly string[];
  try {
    organizations = new SignaturePolicy(envelope).organizations;
  } catch (error) {
    return `invalid member org policy for collection '${name}': ${(error as Error).message}`;
  }
  const gate = alternativeRefusal(envelope.getRule());
  if (gate !== undefined) return `collection-name: ${name} -- error in member org policy: ${gate}`;
  const stranger = organizations.find((each) => !membership.provider(each));
  if (stranger === undefined) return undefined;
  return `collection-name: ${name} -- collection member '${stranger}' is not part of the channel`;
}

function alternativeRefusal(rule: common.SignaturePolicy | undefined): string | undefined {
  const gate = rule?.getNOutOf();
  if (!gate) return undefined;
  if (gate.getN() !== 1) return `signature policy is not an OR concatenation, NOutOf ${gate.getN()}`;
  return gate
    .getRulesList()
    .map(alternativeRefusal)
    .find((each) => each !== undefined);
}

function replacementRefusal(
  proposed: readonly peer.StaticCollectionConfig[],
  committed: readonly peer.StaticCollectionConfig[],
): string | undefined {
  if (committed.length === 0) return undefined;
  if (proposed.length === 0) return 'the proposed collection config does not contain previously defined collections';
  for (const before of committed) {
    const after = proposed.find((each) => each.getName() === before.getName());
    if (!after) return `existing collection [${before.getName()}] missing in the proposed collection configuration`;
    if (after.getBlockToLive() !== before.getBlockToLive()) {
      return `the BlockToLive in an existing collection [${before.getName()}] modified. Existing value [${before.getBlockToLive()}]`;
    }
  }
  return undefined;
}
