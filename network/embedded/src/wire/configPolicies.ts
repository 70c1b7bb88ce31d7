import { common, encode, type Message, msp } from './proto.js';

const { PolicyType } = common.Policy;
const { Rule } = common.ImplicitMetaPolicy;
const { MSPRoleType } = msp.MSPRole;

/** What the channel's own policies are, by section: a rule over the organisations' policies of the same name. */
const OF_SECTION = {
  Application: {
    Readers: ['Readers', Rule.ANY],
    Writers: ['Writers', Rule.ANY],
    Admins: ['Admins', Rule.MAJORITY],
    Endorsement: ['Endorsement', Rule.MAJORITY],
    LifecycleEndorsement: ['Endorsement', Rule.MAJORITY],
  },
  Orderer: { Readers: ['Readers', Rule.ANY], Writers: ['Writers', Rule.ANY], Admins: ['Admins', Rule.MAJORITY] },
} as const;

const OF_ORGANIZATION = {
  Readers: MSPRoleType.MEMBER,
  Writers: MSPRoleType.MEMBER,
  Admins: MSPRoleType.ADMIN,
  Endorsement: MSPRoleType.PEER,
} as const;

/** Capabilities of a section, as Fabric 3.1 names them. */
const CAPABILITIES = { Application: 'V2_5', Orderer: 'V2_0' } as const;

/** Writes into a section of the configuration which policies hold in it and which capabilities it has. */
export function describeSection(group: common.ConfigGroup, section: keyof typeof OF_SECTION): void {
  for (const [name, [of, rule]] of Object.entries(OF_SECTION[section])) {
    const policy = new common.ImplicitMetaPolicy();
    policy.setSubPolicy(of);
    policy.setRule(rule);
    group.getPoliciesMap().set(name, configPolicy(PolicyType.IMPLICIT_META, policy));
  }
  const capabilities = new common.Capabilities();
  capabilities.getCapabilitiesMap().set(CAPABILITIES[section], new common.Capability());
  const value = new common.ConfigValue();
  value.setValue(encode(capabilities));
  value.setModPolicy('Admins');
  group.getValuesMap().set('Capabilities', value);
}

/** Writes into an organisation's group who speaks for it. */
export function describeOrganization(group: common.ConfigGroup, organization: string): void {
  for (const [name, role] of Object.entries(OF_ORGANIZATION)) {
    group.getPoliciesMap().set(name, configPolicy(PolicyType.SIGNATURE, signedBy(organization, role)));
  }
}

function configPolicy(type: number, value: Message): common.ConfigPolicy {
  const policy = new common.Policy();
  policy.setType(type);
  policy.setValue(encode(value));
  const entry = new common.ConfigPolicy();
  entry.setPolicy(policy);
  entry.setModPolicy('Admins');
  return entry;
}

function signedBy(organization: string, role: number): common.SignaturePolicyEnvelope {
  const mspRole = new msp.MSPRole();
  mspRole.setMspIdentifier(organization);
  mspRole.setRole(role as Parameters<typeof mspRole.setRole>[0]);
  const principal = new msp.MSPPrincipal();
  principal.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
  principal.setPrincipal(encode(mspRole));
  const signed = new common.SignaturePolicy();
  signed.setSignedBy(0);
  const nOutOf = new common.SignaturePolicy.NOutOf();
  nOutOf.setN(1);
  nOutOf.setRulesList([signed]);
  const rule = new common.SignaturePolicy();
  rule.setNOutOf(nOutOf);
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setRule(rule);
  envelope.setIdentitiesList([principal]);
  return envelope;
}
