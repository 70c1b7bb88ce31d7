/** Fabric's two kinds of policy: so many signatures of principals, and a rule over the policies of groups below. */
import { Doubt, must } from '../doubt.js';
import { Message, NESTING_MAX } from '../wire/message.js';
import type { Member, Unit } from './organization.js';

/** Someone whose signature holds, each once, with the serialised identity that signed. */
export type Signer = Readonly<{ member: Member; identity: Buffer }>;
/** A group of a configuration: its policies by name, and the groups below. */
export type PolicyGroup = Readonly<{ policies: ReadonlyMap<string, Message>; groups: readonly PolicyGroup[] }>;

const [SIGNATURE, IMPLICIT_META] = [1, 3];
const [ANY, ALL, MAJORITY] = [0, 1, 2];
/** MSPRole: a member of any kind, or of one. */
const UNITS: readonly (Unit | undefined)[] = [undefined, 'admin', 'client', 'peer', 'orderer'];
const [BY_ROLE, BY_IDENTITY] = [0, 2];

/** Whether the group's policy of this name holds. @throws Doubt where it is not there, or of another kind */
export function holds(group: PolicyGroup, name: string, signers: readonly Signer[]): boolean {
  const policy = group.policies.get(name);
  if (!policy) throw new Doubt(`the configuration has no policy ${name}`);
  if (policy.number(1) === SIGNATURE) return signaturePolicyHolds(new Message(policy.bytes(2), name), signers);
  must(policy.number(1) === IMPLICIT_META, `policy ${name} is of an unknown kind`);
  const meta = new Message(policy.bytes(2), name);
  const below = group.groups.filter(({ policies }) => policies.has(meta.text(1)));
  const met = below.filter((each) => holds(each, meta.text(1), signers)).length;
  const rule = meta.number(2);
  must(rule <= MAJORITY, `policy ${name} has an unknown rule`);
  return met >= (rule === ANY ? 1 : rule === ALL ? below.length : Math.floor(below.length / 2) + 1);
}

function signaturePolicyHolds(policy: Message, signers: readonly Signer[]): boolean {
  const principals = policy.messages(3, 'principal');
  // As Fabric has it, a signature counts for one principal only.
  const evaluate = (rule: Message, used: Set<Signer>, depth: number): boolean => {
    must(depth < NESTING_MAX, 'a policy that is nested too deep');
    if (!rule.has(2)) {
      const principal = principals[rule.number(1)];
      must(principal !== undefined, 'a policy names a principal that it has not');
      const found = signers.find((each) => !used.has(each) && satisfies(each, principal));
      if (found) used.add(found);
      return found !== undefined;
    }
    const outOf = rule.message(2, 'rule');
    let met = 0;
    for (const each of outOf.messages(2, 'rule')) {
      const tried = new Set(used);
      if (!evaluate(each, tried, depth + 1)) continue;
      met += 1;
      for (const signer of tried) used.add(signer);
    }
    return met >= outOf.number(1);
  };
  return evaluate(policy.message(2, 'rule'), new Set(), 0);
}

function satisfies({ member, identity }: Signer, principal: Message): boolean {
  if (principal.number(1) === BY_IDENTITY) return identity.equals(principal.bytes(2));
  must(principal.number(1) === BY_ROLE, 'a policy with a principal of an unknown kind');
  const role = new Message(principal.bytes(2), 'a role');
  const unit = UNITS[role.number(2)];
  must(role.number(2) < UNITS.length, 'a policy with an unknown role');
  return member.msp === role.text(1) && (unit === undefined || member.unit === unit);
}
