import { common, decode, msp } from '../wire/proto.js';
import type { Identity } from './identity.js';
import type { Membership } from './membership.js';

const { Classification } = msp.MSPPrincipal;
const { MSPRoleType } = msp.MSPRole;

/** A rule about who must have signed. */
export interface Policy {
  /** Undefined where these signers satisfy the rule, else Fabric's text of what is missing. */
  refusal(signers: readonly Identity[]): string | undefined;
}

/** `signature set did not satisfy policy`, Fabric's text for a signature policy that does not hold. */
const NOT_SATISFIED = 'signature set did not satisfy policy';

/** What names a threshold over the organisations' own policies. */
export type ImplicitRule = 'ANY' | 'ALL' | 'MAJORITY';

/** A threshold over organisations, of each of which one signer with `role` is needed (Fabric's implicit meta policy). */
export class ImplicitPolicy implements Policy {
  readonly #membership: Membership;
  readonly #role: 'peer' | 'member';
  readonly #name: string;
  readonly #rule: ImplicitRule;

  constructor(membership: Membership, rule: ImplicitRule, name: string, role: 'peer' | 'member') {
    this.#membership = membership;
    this.#rule = rule;
    this.#name = name;
    this.#role = role;
  }

  refusal(signers: readonly Identity[]): string | undefined {
    const organizations = this.#membership.organizations;
    const needed = threshold(this.#rule, organizations.length);
    const satisfied = organizations.filter((id) =>
      signers.some((each) => each.msp === id && hasRole(each, this.#role)),
    );
    if (satisfied.length >= needed) return undefined;
    return `implicit policy evaluation failed - ${satisfied.length} sub-policies were satisfied, but this policy requires ${needed} of the '${this.#name}' sub-policies to be satisfied`;
  }
}

function threshold(rule: ImplicitRule, organizations: number): number {
  if (rule === 'ANY') return 1;
  return rule === 'ALL' ? organizations : Math.floor(organizations / 2) + 1;
}

/** A signature policy: a tree of `n out of` over principals (Fabric's `SignaturePolicyEnvelope`). */
export class SignaturePolicy implements Policy {
  readonly #rule: common.SignaturePolicy;
  readonly #principals: readonly Principal[];

  /** Throws where the tree is damaged or has a principal that this channel does not support. */
  constructor(envelope: common.SignaturePolicyEnvelope) {
    const rule = envelope.getRule();
    if (!rule) throw new Error('signature policy without a rule');
    this.#principals = envelope.getIdentitiesList().map(readPrincipal);
    checkRule(rule, this.#principals.length);
    this.#rule = rule;
  }

  /** Parses the serialised form. Throws as the constructor does. */
  static read(bytes: Uint8Array): SignaturePolicy {
    const envelope = decode(common.SignaturePolicyEnvelope, bytes);
    if (!envelope) throw new Error('damaged signature policy');
    return new SignaturePolicy(envelope);
  }

  /** Organisations that the policy names. */
  get organizations(): string[] {
    return [...new Set(this.#principals.map((each) => each.msp))];
  }

  refusal(signers: readonly Identity[]): string | undefined {
    const used = signers.map(() => false);
    return this.#holds(this.#rule, signers, used) ? undefined : NOT_SATISFIED;
  }

  /** One signer counts for one principal only; `used` says who has counted already. */
  #holds(rule: common.SignaturePolicy, signers: readonly Identity[], used: boolean[]): boolean {
    const outOf = rule.getNOutOf();
    if (!outOf) {
      const principal = this.#principals[rule.getSignedBy()] as Principal;
      const index = signers.findIndex((each, at) => !used[at] && satisfies(each, principal));
      if (index >= 0) used[index] = true;
      return index >= 0;
    }
    let held = 0;
    for (const each of outOf.getRulesList()) {
      const attempt = [...used];
      if (!this.#holds(each, signers, attempt)) continue;
      held += 1;
      for (let index = 0; index < used.length; index++) used[index] = attempt[index] as boolean;
    }
    return held >= outOf.getN();
  }
}

interface Principal {
  readonly msp: string;
  readonly role: 'member' | Identity['role'];
}

function readPrincipal(principal: msp.MSPPrincipal): Principal {
  if (principal.getPrincipalClassification() !== Classification.ROLE) {
    throw new Error('the embedded channel supports role principals only, not organisational units or identities');
  }
  const role = decode(msp.MSPRole, principal.getPrincipal_asU8());
  const name = role && ROLE_NAMES.get(role.getRole());
  if (!role || !name) throw new Error('damaged principal in a signature policy');
  return { msp: role.getMspIdentifier(), role: name };
}

const ROLE_NAMES = new Map<number, Principal['role']>([
  [MSPRoleType.MEMBER, 'member'],
  [MSPRoleType.ADMIN, 'admin'],
  [MSPRoleType.CLIENT, 'client'],
  [MSPRoleType.PEER, 'peer'],
  [MSPRoleType.ORDERER, 'orderer'],
]);

/** Depth of a policy's tree; deeper ones are refused before they are walked. */
const RULE_DEPTH_MAX = 32;

function checkRule(rule: common.SignaturePolicy, principals: number, depth = 0): void {
  if (depth > RULE_DEPTH_MAX) throw new Error('signature policy is nested too deeply');
  const outOf = rule.getNOutOf();
  if (outOf) for (const each of outOf.getRulesList()) checkRule(each, principals, depth + 1);
  else if (!rule.hasSignedBy()) throw new Error('signature policy with an empty element');
  else if (rule.getSignedBy() < 0 || rule.getSignedBy() >= principals) {
    throw new Error(
      `identity index out of range, requested ${rule.getSignedBy()}, but identities length is ${principals}`,
    );
  }
}

function satisfies(identity: Identity, principal: Principal): boolean {
  return identity.msp === principal.msp && hasRole(identity, principal.role);
}

function hasRole(identity: Identity, role: Principal['role']): boolean {
  if (identity.role === undefined) return false;
  return role === 'member' || identity.role === role;
}

/** The policy `one peer of this organisation` (an organisation's own Endorsement policy). */
export function signedByPeerOf(organization: string): common.SignaturePolicyEnvelope {
  return outOf(1, [organization]);
}

/** The policy `one peer of each of at least n of these organisations`. */
export function outOf(n: number, organizations: readonly string[]): common.SignaturePolicyEnvelope {
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
  envelope.setIdentitiesList(organizations.map(peerPrincipal));
  return envelope;
}

function peerPrincipal(organization: string): msp.MSPPrincipal {
  const role = new msp.MSPRole();
  role.setMspIdentifier(organization);
  role.setRole(MSPRoleType.PEER);
  const principal = new msp.MSPPrincipal();
  principal.setPrincipalClassification(Classification.ROLE);
  principal.setPrincipal(role.serializeBinary());
  return principal;
}
