import type { Definitions } from '../ledger/definitions.js';
import type { EndorsementInterest } from '../ledger/simulator.js';
import { type Policy, SignaturePolicy } from '../membership/policy.js';
import type { PeerNode } from './peerNode.js';

/** Orders peers at random; passed in, so that tests can fix it. */
export type Shuffle = (nodes: PeerNode[]) => PeerNode[];

/**
 * Who has to endorse. Fabric lists every combination of peers that would do and tries one after the other; here the next
 * combination is found when it is needed, which for twenty hospitals saves listing 167,960 of them.
 */
export class EndorsementPlan {
  readonly #policies: readonly Policy[];
  readonly #candidates: readonly PeerNode[];
  readonly #preferred: PeerNode;

  constructor(policies: readonly Policy[], candidates: readonly PeerNode[], preferred: PeerNode) {
    this.#policies = policies;
    this.#candidates = candidates;
    this.#preferred = preferred;
  }

  /**
   * A smallest set of peers that satisfies every policy, without those that have failed; it keeps peers that have
   * endorsed already and the preferred one where it can. Undefined: no set does.
   */
  choose(endorsed: ReadonlySet<PeerNode>, failed: ReadonlySet<PeerNode>, shuffle: Shuffle): PeerNode[] | undefined {
    const available = this.#candidates.filter((node) => !failed.has(node));
    const others = available.filter((node) => node !== this.#preferred && !endorsed.has(node));
    const first = [this.#preferred, ...endorsed].filter((node) => available.includes(node));
    const ordered = [...new Set([...first, ...shuffle(others)])];
    let chosen: PeerNode[] = [];
    for (const node of ordered) {
      if (this.#isSatisfiedBy(chosen)) break;
      chosen.push(node);
    }
    if (!this.#isSatisfiedBy(chosen)) return undefined;
    for (const node of [...chosen].reverse()) {
      const without = chosen.filter((each) => each !== node);
      if (this.#isSatisfiedBy(without)) chosen = without;
    }
    return chosen;
  }

  #isSatisfiedBy(nodes: readonly PeerNode[]): boolean {
    if (nodes.length === 0) return false;
    const identities = nodes.map((node) => node.identity);
    return this.#policies.every((policy) => policy.refusal(identities) === undefined);
  }
}

/** The policies that an interest has to satisfy. */
export function policiesFor(
  interest: EndorsementInterest,
  chaincodePolicy: Policy,
  definitions: Definitions,
): Policy[] {
  const policies = new Set<Policy>();
  if (interest.needsChaincodePolicy) policies.add(chaincodePolicy);
  for (const collection of interest.collections.keys()) {
    policies.add(definitions.collectionPolicy(interest.chaincode, collection) ?? chaincodePolicy);
  }
  for (const bytes of interest.keyPolicies) policies.add(SignaturePolicy.read(bytes));
  return [...policies];
}

/**
 * Peers that may endorse: where private values were read, or where transient data must not leave the members of the
 * collections (`isProtected`), only the collections' own.
 */
export function candidatesFor(
  interest: EndorsementInterest,
  nodes: readonly PeerNode[],
  definitions: Definitions,
  isProtected: boolean,
): PeerNode[] {
  return nodes.filter((node) => {
    if (!node.endorser.hasChaincode(interest.chaincode)) return false;
    return [...interest.collections].every(([collection, { hasPrivateReads }]) => {
      return (
        !(hasPrivateReads || isProtected) || definitions.isCollectionMember(interest.chaincode, collection, node.msp)
      );
    });
  });
}
