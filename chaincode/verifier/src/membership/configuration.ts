/** One configuration of the channel: who its members are, and who may order blocks. */
import { must } from '../doubt.js';
import { lengthField, Message, NESTING_MAX } from '../wire/message.js';
import { type Member, Organization } from './organization.js';
import { holds, type PolicyGroup, type Signer } from './policy.js';

const [CHANNEL_GROUP, GROUPS, VALUES, POLICIES] = [2, 2, 3, 4];

export class Configuration {
  /** Number of the block that brought it. */
  readonly block: number;
  readonly sequence: number;
  /** Members by MSP id. */
  readonly organizations: ReadonlyMap<string, Organization>;
  readonly #orderers: ReadonlyMap<string, Organization>;
  readonly #ordering: PolicyGroup;
  /** Serialised identities of the orderers that take part in consensus, by their number. */
  readonly #consenters: ReadonlyMap<number, Buffer>;

  /** @param config Fabric's message `Config`. @throws Doubt */
  constructor(block: number, config: Message) {
    this.block = block;
    this.sequence = config.number(1);
    const sections = config.message(CHANNEL_GROUP, 'channel group').entries(GROUPS, 'section');
    const [application, orderer] = ['Application', 'Orderer'].map((name) => sections.get(name));
    must(application !== undefined && orderer !== undefined, 'the configuration lacks a section');
    this.organizations = organizationsIn(application);
    this.#orderers = organizationsIn(orderer);
    this.#ordering = policyGroup(orderer, 0);
    this.#consenters = consentersIn(orderer);
  }

  /** Endorsements that a majority takes: of N hospitals, N/2 rounded down and one. */
  get majority(): number {
    return Math.floor(this.organizations.size / 2) + 1;
  }

  get hasOrderingPolicy(): boolean {
    return this.#ordering.policies.has('BlockValidation');
  }

  /** @throws Doubt that says why a serialised identity is no member's */
  member(identity: Uint8Array, at: number | undefined): Member {
    return memberOf(this.organizations, identity, at);
  }

  /** @param pem certificate of someone who says to be of this hospital. @throws Doubt */
  person(msp: string, pem: Uint8Array, at: number): Member {
    return organizationOf(this.organizations, msp).member(pem, at);
  }

  consenter(number: number): Buffer | undefined {
    return this.#consenters.get(number);
  }

  /** @throws Doubt */
  orderer(identity: Uint8Array, at: number | undefined): Member {
    return memberOf(this.#orderers, identity, at);
  }

  /**
   * Whether these signatures make a block. A development channel has one orderer and names no policy for it: there, any
   * one of the ordering organisations' members counts.
   */
  ordered(signers: readonly Signer[]): boolean {
    return holds(this.#ordering, this.hasOrderingPolicy ? 'BlockValidation' : 'Writers', signers);
  }
}

function memberOf(
  organizations: ReadonlyMap<string, Organization>,
  identity: Uint8Array,
  at: number | undefined,
): Member {
  const claim = new Message(identity, 'an identity');
  return organizationOf(organizations, claim.text(1)).member(claim.bytes(2), at);
}

function organizationOf(organizations: ReadonlyMap<string, Organization>, msp: string): Organization {
  const organization = organizations.get(msp);
  must(organization !== undefined, `${msp} is no member of the channel`);
  return organization;
}

function organizationsIn(section: Message): Map<string, Organization> {
  const found = new Map<string, Organization>();
  for (const [name, group] of section.entries(GROUPS, 'organisation')) {
    const value = group.entries(VALUES, 'value').get('MSP');
    must(value !== undefined, `organisation ${name} has no MSP`);
    const organization = new Organization(value.bytes(2));
    must(!found.has(organization.msp), `${organization.msp} stands twice`);
    found.set(organization.msp, organization);
  }
  return found;
}

function policyGroup(group: Message, depth: number): PolicyGroup {
  must(depth < NESTING_MAX, 'a configuration that is nested too deep');
  return {
    policies: new Map(
      [...group.entries(POLICIES, 'policy')].map(([name, entry]) => [name, entry.message(2, `policy ${name}`)]),
    ),
    groups: [...group.entries(GROUPS, 'group').values()].map((each) => policyGroup(each, depth + 1)),
  };
}

function consentersIn(orderer: Message): Map<number, Buffer> {
  const value = orderer.entries(VALUES, 'value').get('Orderers');
  if (!value) return new Map();
  return new Map(
    new Message(value.bytes(2), 'orderers').messages(1, 'orderer').map((each) => {
      // Fabric's `SerializedIdentity`.
      return [each.number(1), Buffer.concat([lengthField(1, each.bytes(4)), lengthField(2, each.bytes(5))])];
    }),
  );
}
