import { status } from '@grpc/grpc-js';
import type { EndorsementInterest } from '../ledger/simulator.js';
import type { Policy } from '../membership/policy.js';
import { type Proposal, unpackProposal } from '../wire/proposal.js';
import type { common, gateway, peer } from '../wire/proto.js';
import { assembleTransaction } from '../wire/transaction.js';
import { candidatesFor, EndorsementPlan, policiesFor, type Shuffle } from './endorsementPlan.js';
import { askPeer, detailOf, type PeerAnswer, type PeerNode } from './peerNode.js';
import { RpcError, type RpcErrorDetail } from './rpcErrors.js';

const NO_COMBINATION = 'no combination of peers can be derived which satisfy the endorsement policy';

/** What a proposal that cannot be read is called, by the endorsing and by the evaluating service. */
const ENDORSE_TEXTS = { missing: 'the proposed transaction must contain a signed proposal', damaged: '' };
export const EVALUATE_TEXTS: typeof ENDORSE_TEXTS = {
  missing: 'failed to unpack transaction proposal: a signed proposal is required',
  damaged: 'failed to unpack transaction proposal: ',
};

type Success = Extract<PeerAnswer, { kind: 'success' }>;

/** Endorsements of one and the same result. */
interface Collected {
  readonly payload: Buffer;
  readonly endorsements: ReadonlyMap<PeerNode, peer.Endorsement>;
}

/** What the gateway service of one hospital works with to have a proposal endorsed. */
export interface EndorsingParts {
  readonly channel: string;
  readonly own: PeerNode;
  readonly nodes: readonly PeerNode[];
  readonly shuffle: Shuffle;
}

/**
 * Has a proposal endorsed as Fabric's gateway does: by the own peer first, whose reads and writes decide who else must
 * endorse, then by the others in parallel. Rejects with an RpcError.
 */
export class Endorsing {
  readonly #parts: EndorsingParts;

  constructor(parts: EndorsingParts) {
    this.#parts = parts;
  }

  async endorse(request: gateway.EndorseRequest): Promise<common.Envelope> {
    const proposal = readProposal(request.getProposedTransaction());
    const organizations = request.getEndorsingOrganizationsList();
    const collected =
      organizations.length > 0 ? await this.#endorseBy(organizations, proposal) : await this.#endorseByPolicy(proposal);
    return assembleTransaction(proposal.header, proposal.payloadBytes, collected.payload, [
      ...collected.endorsements.values(),
    ]);
  }

  /** The client names the organisations and takes responsibility for the policy. */
  async #endorseBy(organizations: readonly string[], proposal: Proposal): Promise<Collected> {
    const usable = this.#nodesFor(proposal);
    const missing = organizations.filter((id) => !usable.some((node) => node.msp === id));
    if (missing.length > 0) {
      throw new RpcError(status.UNAVAILABLE, `failed to find any endorsing peers for org(s): ${missing.join(', ')}`);
    }
    const collection = new Collection(this.#parts.own, proposal);
    await collection.ask(usable.filter((node) => organizations.includes(node.msp)));
    if (collection.failed.size > 0) throw collection.error();
    return collection.result();
  }

  async #endorseByPolicy(proposal: Proposal): Promise<Collected> {
    const { own, shuffle } = this.#parts;
    if (!this.#nodesFor(proposal).includes(own)) throw this.#nobodyHas(proposal);
    const answer = await askPeer(own, proposal, own);
    if (answer.kind === 'failure') {
      throw new RpcError(status.ABORTED, 'failed to endorse transaction, see attached details for more info', [
        detailOf(own, answer.message),
      ]);
    }
    const plan = this.#plan(proposal, answer);
    const collection = new Collection(own, proposal, answer);
    for (;;) {
      const chosen = plan.choose(collection.endorsed, collection.failed, shuffle);
      if (!chosen) throw collection.error();
      const unasked = chosen.filter((node) => !collection.endorsed.has(node));
      if (unasked.length === 0) return collection.result(chosen);
      await collection.ask(unasked);
    }
  }

  #plan(proposal: Proposal, { interest: found }: Success): EndorsementPlan {
    const { own, nodes, shuffle } = this.#parts;
    const { definitions } = own.ledger;
    const policy = definitions.policyOf(proposal.chaincode);
    if (!policy) throw this.#noMetadata(proposal);
    const interest: EndorsementInterest = found ?? {
      chaincode: proposal.chaincode,
      needsChaincodePolicy: true,
      keyPolicies: [],
      collections: new Map(),
    };
    const policies = this.#policies(interest, policy);
    const planFor = (isProtected: boolean) =>
      new EndorsementPlan(policies, candidatesFor(interest, nodes, definitions, isProtected), own);
    const isPossible = (plan: EndorsementPlan) => plan.choose(new Set(), new Set(), shuffle) !== undefined;
    const plan = planFor(proposal.hasTransient);
    if (isPossible(plan)) return plan;
    const collections = [...interest.collections].filter(([, each]) => !each.hasPrivateReads).map(([name]) => name);
    if (proposal.hasTransient && collections.length > 0 && isPossible(planFor(false))) {
      throw new RpcError(
        status.FAILED_PRECONDITION,
        `requires endorsement from organisation(s) that are not in the distribution policy of the private data collection(s): [${collections.join(' ')}]; retry specifying trusted endorsing organizations to protect transient data`,
      );
    }
    throw new RpcError(
      status.FAILED_PRECONDITION,
      `${NO_COMBINATION}: no peer combination can satisfy the endorsement policy`,
    );
  }

  /** A chaincode may give a key any policy, also one that nobody here can read. */
  #policies(interest: EndorsementInterest, policy: Policy): Policy[] {
    try {
      return policiesFor(interest, policy, this.#parts.own.ledger.definitions);
    } catch {
      const text = `${NO_COMBINATION}: state based endorsement policy cannot be satisfied`;
      throw new RpcError(status.FAILED_PRECONDITION, text);
    }
  }

  #nodesFor({ channelId, chaincode }: Proposal): PeerNode[] {
    if (channelId !== this.#parts.channel) return [];
    return this.#parts.nodes.filter((node) => node.endorser.hasChaincode(chaincode));
  }

  #nobodyHas(proposal: Proposal): RpcError {
    const { channel, own } = this.#parts;
    const isDefined = proposal.channelId === channel && own.ledger.definitions.get(proposal.chaincode) !== undefined;
    if (!isDefined) return this.#noMetadata(proposal);
    const text = `${NO_COMBINATION}: required chaincodes are not installed on sufficient peers`;
    return new RpcError(status.FAILED_PRECONDITION, text);
  }

  #noMetadata({ chaincode, channelId }: Proposal): RpcError {
    return new RpcError(
      status.FAILED_PRECONDITION,
      `${NO_COMBINATION}: No metadata was found for chaincode ${chaincode} in channel ${channelId}`,
    );
  }
}

/** Endorsements as they come in: the first one's payload is the measure for the others. */
class Collection {
  readonly failed = new Set<PeerNode>();
  readonly #own: PeerNode;
  readonly #proposal: Proposal;
  readonly #endorsements = new Map<PeerNode, peer.Endorsement>();
  readonly #details: RpcErrorDetail[] = [];
  #payload: Buffer | undefined;

  constructor(own: PeerNode, proposal: Proposal, first?: Success) {
    this.#own = own;
    this.#proposal = proposal;
    if (first) this.#take(own, first);
  }

  get endorsed(): ReadonlySet<PeerNode> {
    return new Set(this.#endorsements.keys());
  }

  /** Asks peers in parallel and waits for all of them. */
  async ask(nodes: readonly PeerNode[]): Promise<void> {
    await Promise.all(
      nodes.map(async (node) => {
        const answer = await askPeer(node, this.#proposal, this.#own);
        if (answer.kind === 'success') this.#take(node, answer);
        else this.#fail(node, answer.message);
      }),
    );
  }

  result(chosen: readonly PeerNode[] = [...this.#endorsements.keys()]): Collected {
    const endorsements = new Map<PeerNode, peer.Endorsement>();
    for (const [node, endorsement] of this.#endorsements)
      if (chosen.includes(node)) endorsements.set(node, endorsement);
    return { payload: this.#payload as Buffer, endorsements };
  }

  error(): RpcError {
    return new RpcError(
      status.ABORTED,
      'failed to collect enough transaction endorsements, see attached details for more info',
      this.#details,
    );
  }

  #take(node: PeerNode, { payload, endorsement }: Success): void {
    this.#payload ??= payload;
    if (!payload || !endorsement || !this.#payload?.equals(payload)) {
      this.#fail(node, 'ProposalResponsePayloads do not match');
    } else this.#endorsements.set(node, endorsement);
  }

  #fail(node: PeerNode, message: string): void {
    this.failed.add(node);
    this.#details.push(detailOf(node, message));
  }
}

/** Takes a proposal apart, or tells the client that it is none. */
export function readProposal(signed: peer.SignedProposal | undefined, texts = ENDORSE_TEXTS): Proposal {
  if (!signed || signed.getProposalBytes_asU8().length === 0) {
    throw new RpcError(status.INVALID_ARGUMENT, texts.missing);
  }
  try {
    return unpackProposal(signed);
  } catch (error) {
    throw new RpcError(status.INVALID_ARGUMENT, texts.damaged + (error as Error).message);
  }
}
