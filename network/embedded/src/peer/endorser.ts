import type { ChainReader } from '../ledger/chainReader.js';
import type { PeerLedger } from '../ledger/peerLedger.js';
import { type EndorsementInterest, Simulator } from '../ledger/simulator.js';
import { CLOCK_WINDOW_MS_MAX } from '../limits.js';
import type { Identity } from '../membership/identity.js';
import type { Membership } from '../membership/membership.js';
import { ImplicitPolicy } from '../membership/policy.js';
import { type Proposal, transactionIdOf } from '../wire/proposal.js';
import { common, decode, encode, peer } from '../wire/proto.js';
import type { ChaincodeConnection } from './chaincodeConnection.js';
import type { SigningIdentity } from './signingIdentity.js';
import { StubRequests } from './stubRequests.js';
import type { SystemChaincodes } from './systemChaincodes.js';

/**
 * What a peer makes of a proposal. As in Fabric there are three ways to fail, which callers treat differently: before
 * any response (`filtered`), in the checks of the proposal (`invalid`), and while executing (a response of 500 without
 * payload). A chaincode that answers with an error gives a response with payload and no endorsement.
 */
export type ProposalOutcome =
  | { readonly kind: 'filtered' | 'invalid'; readonly message: string }
  | {
      readonly kind: 'response';
      readonly response: peer.Response;
      /** Serialised `ProposalResponsePayload`; absent where the peer, not the chaincode, answers. */
      readonly payload?: Buffer;
      readonly endorsement?: peer.Endorsement;
      readonly interest?: EndorsementInterest;
    };

/** Version that endorsements of system chaincodes carry. */
const SYSTEM_VERSION = 'syscc';
const HEADER_TYPE_NAMES = new Map(Object.entries(common.HeaderType).map(([name, value]) => [value as number, name]));
const ERROR_STATUS = 500;
const ERROR_STATUS_MIN = 400;

/** What an endorser works with. */
export interface EndorserParts {
  readonly ledger: PeerLedger;
  readonly chain: ChainReader;
  readonly membership: Membership;
  readonly signer: SigningIdentity;
  readonly chaincodes: ReadonlyMap<string, ChaincodeConnection>;
  readonly system: SystemChaincodes;
  readonly clock: () => number;
}

/** Checks a proposal, executes it on the hospital's own chaincode process, and signs what came out. */
export class Endorser {
  readonly #parts: EndorserParts;
  readonly #writers: ImplicitPolicy;

  constructor(parts: EndorserParts) {
    this.#parts = parts;
    this.#writers = new ImplicitPolicy(parts.membership, 'ANY', 'Writers', 'member');
  }

  /** Whether this peer has the chaincode, or it is one of the system's. */
  hasChaincode(name: string): boolean {
    return this.#parts.chaincodes.has(name) || this.#parts.system.has(name);
  }

  /** Processes a proposal. Never rejects. */
  async process(proposal: Proposal): Promise<ProposalOutcome> {
    const filtered = this.#filter(proposal);
    if (filtered !== undefined) return { kind: 'filtered', message: filtered };
    if (proposal.channelId !== this.#parts.ledger.channel) {
      return failure(`channel '${proposal.channelId}' not found`);
    }
    const invalid = this.#check(proposal);
    if (invalid !== undefined) return { kind: 'invalid', message: invalid };
    try {
      return await this.#execute(proposal);
    } catch (error) {
      return failure((error as Error).message);
    }
  }

  /** Fabric's authentication filters: they answer before the proposal is looked at. */
  #filter({ creator, timestampMs }: Proposal): string | undefined {
    const now = this.#parts.clock();
    const identity = this.#parts.membership.identify(creator);
    if (identity && identity.expiresMs < now) return 'proposal client identity expired';
    if (Math.abs(timestampMs - now) <= CLOCK_WINDOW_MS_MAX) return undefined;
    return `request unauthorized due to incorrect timestamp ${rfc3339(timestampMs)}, peer time ${rfc3339(now)}, peer.authentication.timewindow 15m0s`;
  }

  #check(proposal: Proposal): string | undefined {
    const invalid = this.#checkHeaders(proposal);
    if (invalid !== undefined) return `error validating proposal: ${invalid}`;
    const { channelId, transactionId, creator, proposalBytes, signature } = proposal;
    if (this.#parts.ledger.status(transactionId)) {
      return `duplicate transaction found [${transactionId}]. Creator [${creator.toString('hex')}]`;
    }
    if (this.#parts.system.has(proposal.chaincode)) return undefined;
    const signers = this.#parts.membership.signers([{ message: proposalBytes, identity: creator, signature }]);
    const missing = this.#writers.refusal(signers);
    if (missing === undefined) return undefined;
    return `Failed evaluating policy on signed data during check policy on channel [${channelId}] with policy [/Channel/Application/Writers]: [${missing}]`;
  }

  #checkHeaders(proposal: Proposal): string | undefined {
    const { headerType, epoch, nonce, creator, transactionId, channelId } = proposal;
    const { ENDORSER_TRANSACTION, CONFIG } = common.HeaderType;
    if (headerType !== ENDORSER_TRANSACTION && headerType !== CONFIG) {
      return `invalid header type ${HEADER_TYPE_NAMES.get(headerType) ?? headerType}`;
    }
    if (epoch !== 0) return 'epoch is non-zero';
    if (nonce.length === 0) return 'nonce is empty';
    if (creator.length === 0) return 'creator is empty';
    const expected = transactionIdOf(nonce, creator);
    if (transactionId !== expected) {
      return `incorrectly computed txid '${transactionId}' -- expected '${expected}'`;
    }
    if (proposal.signature.length === 0) return 'empty signature bytes';
    const identity = this.#parts.membership.identify(creator);
    if (!identity) return `access denied: channel [${channelId}] creator org unknown, creator is malformed`;
    return this.#isAuthentic(proposal, identity)
      ? undefined
      : `access denied: channel [${channelId}] creator org [${identity.msp}]`;
  }

  #isAuthentic({ proposalBytes, signature }: Proposal, identity: Identity): boolean {
    return identity.role !== undefined && this.#parts.membership.verify(identity, proposalBytes, signature);
  }

  async #execute(proposal: Proposal): Promise<ProposalOutcome> {
    if (this.#parts.system.has(proposal.chaincode)) return this.#answerSystemCall(proposal);
    const { ledger } = this.#parts;
    const endSimulation = await ledger.lock.simulate();
    try {
      return await this.#simulate(proposal);
    } finally {
      endSimulation();
    }
  }

  async #simulate(proposal: Proposal): Promise<ProposalOutcome> {
    const { ledger, chain, chaincodes } = this.#parts;
    const { chaincode, transactionId, channelId } = proposal;
    const definition = ledger.definitions.get(chaincode);
    const connection = chaincodes.get(chaincode);
    if (!definition || !connection) {
      throw new Error(
        `make sure the chaincode ${chaincode} has been successfully defined on channel ${channelId} and try again: chaincode ${chaincode} not found`,
      );
    }
    const simulator = new Simulator(ledger, chaincode, transactionId);
    const requests = new StubRequests({ simulator, ledger, chain, chaincode, transactionId });
    const { response, event } = await connection
      .execute({
        channelId,
        transactionId,
        input: proposal.input,
        proposal: proposal.signed,
        answer: (type, payload) => requests.answer(type, payload),
      })
      .catch((error: Error) => {
        throw new Error(`error in simulation: failed to execute transaction ${transactionId}: ${error.message}`);
      });
    const { publicBytes, privateSets, interest } = simulator.finish();
    if (!interest.keyPolicies.every((policy) => decode(common.SignaturePolicyEnvelope, policy))) {
      throw new Error(
        'error in simulation: error unmarshalling SignaturePolicyEnvelope: proto: cannot parse invalid wire-format data',
      );
    }
    const isError = response.getStatus() >= ERROR_STATUS_MIN;
    // Nothing of another organisation's is kept, even if this peer was asked to endorse it.
    const own = privateSets.filter((each) =>
      ledger.definitions.isCollectionMember(each.collection, ledger.organization),
    );
    if (!isError && own.length > 0) ledger.privates.keepEndorsed(transactionId, own, ledger.height);
    if (event && !isError) {
      event.setChaincodeId(chaincode);
      event.setTxId(transactionId);
    }
    const eventBytes = event && !isError ? encode(event) : undefined;
    const payload = responsePayload(proposal, response, publicBytes, eventBytes, definition.version);
    return this.#answer(response, payload, interest);
  }

  #answerSystemCall(proposal: Proposal): ProposalOutcome {
    const response = this.#parts.system.invoke(proposal);
    return this.#answer(response, responsePayload(proposal, response, undefined, undefined, SYSTEM_VERSION), undefined);
  }

  #answer(response: peer.Response, payload: Buffer, interest: EndorsementInterest | undefined): ProposalOutcome {
    const status = response.getStatus();
    if (status >= ERROR_STATUS) return { kind: 'response', response, payload };
    if (status >= ERROR_STATUS_MIN) return { kind: 'response', response };
    const { signer } = this.#parts;
    const endorsement = new peer.Endorsement();
    endorsement.setEndorser(signer.serialized);
    endorsement.setSignature(signer.sign(Buffer.concat([payload, signer.serialized])));
    return { kind: 'response', response, payload, endorsement, ...(interest ? { interest } : {}) };
  }
}

function failure(message: string): ProposalOutcome {
  const response = new peer.Response();
  response.setStatus(ERROR_STATUS);
  response.setMessage(message);
  return { kind: 'response', response };
}

function responsePayload(
  proposal: Proposal,
  response: peer.Response,
  results: Buffer | undefined,
  event: Buffer | undefined,
  version: string,
): Buffer {
  const id = new peer.ChaincodeID();
  id.setName(proposal.chaincode);
  id.setVersion(version);
  const action = new peer.ChaincodeAction();
  if (results) action.setResults(results);
  if (event) action.setEvents(event);
  action.setResponse(response);
  action.setChaincodeId(id);
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(proposal.hash);
  payload.setExtension$(encode(action));
  return encode(payload);
}

/** As Go prints a time in RFC 3339: whole seconds, UTC. */
function rfc3339(timeMs: number): string {
  if (!Number.isFinite(timeMs)) return '1970-01-01T00:00:00Z';
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
