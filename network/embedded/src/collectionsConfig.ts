import { z } from 'zod';
import { parseSignaturePolicy } from './membership/policyText.js';
import { encode, peer } from './wire/proto.js';

/** One collection as Fabric's collections configuration file writes it. */
export const CollectionConfig = z.strictObject({
  name: z.string().min(1),
  /** Whose peers hold the values: `OR('AMSP.member', 'BMSP.member')`. */
  policy: z.string().min(1),
  requiredPeerCount: z.int().min(0),
  maxPeerCount: z.int().min(0),
  blockToLive: z.int().min(0).default(0),
  memberOnlyRead: z.boolean().default(false),
  memberOnlyWrite: z.boolean().default(false),
  endorsementPolicy: z
    .union([
      z.strictObject({ signaturePolicy: z.string().min(1) }),
      z.strictObject({ channelConfigPolicy: z.string().min(1) }),
    ])
    .optional(),
});
export type CollectionConfig = z.infer<typeof CollectionConfig>;

/** Collections as a definition carries them: a serialised `CollectionConfigPackage`. Throws on a policy that is none. */
export function collectionPackage(collections: readonly CollectionConfig[]): Buffer {
  const message = new peer.CollectionConfigPackage();
  message.setConfigList(
    collections.map((each) => {
      const config = new peer.CollectionConfig();
      config.setStaticCollectionConfig(staticConfig(each));
      return config;
    }),
  );
  return encode(message);
}

function staticConfig(collection: CollectionConfig): peer.StaticCollectionConfig {
  const config = new peer.StaticCollectionConfig();
  config.setName(collection.name);
  const members = new peer.CollectionPolicyConfig();
  members.setSignaturePolicy(parseSignaturePolicy(collection.policy));
  config.setMemberOrgsPolicy(members);
  config.setRequiredPeerCount(collection.requiredPeerCount);
  config.setMaximumPeerCount(collection.maxPeerCount);
  config.setBlockToLive(collection.blockToLive);
  config.setMemberOnlyRead(collection.memberOnlyRead);
  config.setMemberOnlyWrite(collection.memberOnlyWrite);
  if (collection.endorsementPolicy) {
    const policy = new peer.ApplicationPolicy();
    if ('signaturePolicy' in collection.endorsementPolicy) {
      policy.setSignaturePolicy(parseSignaturePolicy(collection.endorsementPolicy.signaturePolicy));
    } else policy.setChannelConfigPolicyReference(collection.endorsementPolicy.channelConfigPolicy);
    config.setEndorsementPolicy(policy);
  }
  return config;
}
