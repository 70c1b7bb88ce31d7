import { peer } from '@hyperledger/fabric-protos';
import { CLEVELAND, HUNGARY } from './hospitals.js';
import { members, outOf, signaturePolicy } from './policies.js';

/** What a collection of the suite is, where it is not the plainest one. */
interface CollectionRules {
  readonly name: string;
  readonly required?: number;
  readonly maximum?: number;
  readonly blockToLive?: number;
  readonly isGuarded?: boolean;
  readonly endorsement?: peer.ApplicationPolicy;
}

const RULES: readonly CollectionRules[] = [
  { name: 'shared' },
  { name: 'guarded', isGuarded: true },
  { name: 'endorsed', endorsement: signaturePolicy(outOf(1, HUNGARY)) },
  { name: 'confirmed', required: 1 },
  { name: 'demanding', required: 3 },
  { name: 'shortLived', blockToLive: 2 },
];

/** A collection that Cleveland and Hungary hold. */
export function collection(rules: CollectionRules): peer.CollectionConfig {
  const holders = new peer.CollectionPolicyConfig();
  holders.setSignaturePolicy(members(CLEVELAND, HUNGARY));
  const config = new peer.StaticCollectionConfig();
  config.setName(rules.name);
  config.setMemberOrgsPolicy(holders);
  config.setRequiredPeerCount(rules.required ?? 0);
  config.setMaximumPeerCount(rules.maximum ?? Math.max(1, rules.required ?? 0));
  config.setBlockToLive(rules.blockToLive ?? 0);
  config.setMemberOnlyRead(rules.isGuarded ?? false);
  config.setMemberOnlyWrite(rules.isGuarded ?? false);
  config.setEndorsementPolicy(rules.endorsement);
  const each = new peer.CollectionConfig();
  each.setStaticCollectionConfig(config);
  return each;
}

/** Every collection of the suite's chaincode; Switzerland and VA hold none of them. */
export function collections(): peer.CollectionConfigPackage {
  const all = new peer.CollectionConfigPackage();
  all.setConfigList(RULES.map(collection));
  return all;
}
