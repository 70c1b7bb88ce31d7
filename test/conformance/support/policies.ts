import { common, msp, peer } from '@hyperledger/fabric-protos';

/** One peer of each of at least `n` of these organisations. */
export function outOf(n: number, ...organizations: string[]): common.SignaturePolicyEnvelope {
  const nOutOf = new common.SignaturePolicy.NOutOf();
  nOutOf.setN(n);
  nOutOf.setRulesList(
    organizations.map((_, index) => {
      const rule = new common.SignaturePolicy();
      rule.setSignedBy(index);
      return rule;
    }),
  );
  const rule = new common.SignaturePolicy();
  rule.setNOutOf(nOutOf);
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setRule(rule);
  envelope.setIdentitiesList(organizations.map((organization) => principal(organization, 'PEER')));
  return envelope;
}

/** Any member of these organisations: who holds a collection. */
export function members(...organizations: string[]): common.SignaturePolicyEnvelope {
  const envelope = outOf(1, ...organizations);
  envelope.setIdentitiesList(organizations.map((organization) => principal(organization, 'MEMBER')));
  return envelope;
}

function principal(organization: string, role: 'PEER' | 'MEMBER'): msp.MSPPrincipal {
  const mspRole = new msp.MSPRole();
  mspRole.setMspIdentifier(organization);
  mspRole.setRole(msp.MSPRole.MSPRoleType[role]);
  const each = new msp.MSPPrincipal();
  each.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
  each.setPrincipal(mspRole.serializeBinary());
  return each;
}

/** A chaincode's endorsement policy that refers to one of the channel's. */
export function channelPolicy(reference = '/Channel/Application/Endorsement'): peer.ApplicationPolicy {
  const policy = new peer.ApplicationPolicy();
  policy.setChannelConfigPolicyReference(reference);
  return policy;
}

/** A chaincode's or collection's endorsement policy of its own. */
export function signaturePolicy(envelope: common.SignaturePolicyEnvelope): peer.ApplicationPolicy {
  const policy = new peer.ApplicationPolicy();
  policy.setSignaturePolicy(envelope);
  return policy;
}
