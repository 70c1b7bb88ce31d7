import type { ChainReader } from '../ledger/chainReader.js';
import type { Collection } from '../ledger/collection.js';
import type { DefinedChaincode } from '../ledger/definitions.js';
import type { PeerLedger } from '../ledger/peerLedger.js';
import type { PrivateSet } from '../ledger/readWriteSetBuilder.js';
import { type EndorsementInterest, Simulator } from '../ledger/simulator.js';
import { CLOCK_WINDOW_MS_MAX } from '../limits.js';
import type { Identity } from '../membership/identity.js';
import type { Membership } from '../membership/membership.js';
import { ImplicitPolicy } from '../membership/policy.js';
import { type Proposal, transactionIdOf } from '../wire/proposal.js';
import { common, decode, encode, peer } from '../wire/proto.js';
import type { ChaincodeConnection } from './chaincodeConnection.js';
import type { InstalledPackages } from './installedPackages.js';
import type { PeerFaults } from './peerFaults.js';
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
  readonly packages: InstalledPackages;
  readonly system: SystemChaincodes;
  readonly clock: () => number;
  readonly faults?: PeerFaults;
  /** Gives a private set to the peers of a collection's other members. Throws where they are too few. */
  disseminate(transactionId: string, set: PrivateSet, collection: Collection): void;
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
    return this.#parts.system.has(name) || this.#packageOf(name) !== undefined;
  }

  /** Processes a proposal. Never rejects. */
  async process(proposal: Proposal): Promise<ProposalOutcome> {
    const filtered = this.#filter(proposal);
    if (filtered !== undefined) return { kind: 'filtered', message: filtered };
    const isAdministration = proposal.channelId === '' && this.#parts.system.has(proposal.chaincode);
    if (proposal.channelId !== this.#parts.ledger.channel && !isAdministration) {
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
    if (channelId !== '' && this.#parts.ledger.status(transactionId)) {
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
    const { ledger, system } = this.#parts;
    const isSystem = system.has(proposal.chaincode);
    if (isSystem && (proposal.channelId === '' || !system.isSimulated(proposal.chaincode))) {
      return this.#answerSystemCall(proposal);
    }
    const endSimulation = await ledger.lock.simulate();
    try {
      return isSystem ? this.#simulateSystemCall(proposal) : await this.#simulate(proposal);
    } finally {
      endSimulation();
    }
  }

  async #simulate(proposal: Proposal): Promise<ProposalOutcome> {
    const { ledger, chain } = this.#parts;
    const { chaincode, transactionId, channelId } = proposal;
    const { definition, connection } = this.#runnable(chaincode);
    const simulator = this.#simulator(proposal);
    const requests = new StubRequests({
      simulator,
      ledger,
      chain,
      chaincode,
      transactionId,
      isSameProcess: (other) => this.#packageOf(other) === this.#packageOf(chaincode),
    });
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
    if (this.#parts.faults?.answersDifferently) response.setPayload(Buffer.from('another result'));
    const { publicBytes, privateSets, interest } = simulator.finish();
    if (!interest.keyPolicies.every((policy) => decode(common.SignaturePolicyEnvelope, policy))) {
      throw new Error(
        'error in simulation: error unmarshalling SignaturePolicyEnvelope: proto: cannot parse invalid wire-format data',
      );
    }
    const isError = response.getStatus() >= ERROR_STATUS_MIN;
    if (!isError) this.#keep(transactionId, privateSets);
    if (event && !isError) {
      event.setChaincodeId(chaincode);
      event.setTxId(transactionId);
    }
    const eventBytes = event && !isError ? encode(event) : undefined;
    const payload = responsePayload(proposal, response, publicBytes, eventBytes, definition.version);
    return this.#answer(response, payload, interest);
  }

  /** Keeps private writes until they are committed, and gives them to the peers of the collections' other members. */
  #keep(transactionId: string, sets: readonly PrivateSet[]): void {
    if (sets.length === 0) return;
    const { ledger, disseminate } = this.#parts;
    // Nothing of another organisation's is kept, even if this peer was asked to endorse it.
    const own = sets.filter(({ namespace, collection }) =>
      ledger.definitions.isCollectionMember(namespace, collection, ledger.organization),
    );
    if (own.length > 0) ledger.privates.keepEndorsed(transactionId, own, ledger.height);
    for (const set of sets) {
      const collection = ledger.definitions.collection(set.namespace, set.collection);
      if (collection) disseminate(transactionId, set, collection);
    }
  }

  /** The definition and the process of a chaincode. Throws an Error that says in Fabric's words what is missing. */
  #runnable(chaincode: string): { definition: DefinedChaincode; connection: ChaincodeConnection } {
    const { ledger, packages } = this.#parts;
    const definition = ledger.definitions.get(chaincode);
    const found = definition && packages.get(this.#packageOf(chaincode) ?? '');
    if (definition && found) return { definition, connection: found.connection };
    throw new Error(
      `make sure the chaincode ${chaincode} has been successfully defined on channel ${ledger.channel} and try again: ${this.#missing(definition, chaincode)}`,
    );
  }

  #missing(definition: DefinedChaincode | undefined, chaincode: string): string {
    if (!definition) return `chaincode ${chaincode} not found`;
    if (this.#parts.ledger.approvedPackage(chaincode) === undefined) {
      return `chaincode definition for '${chaincode}' at sequence ${definition.sequence} on channel '${this.#parts.ledger.channel}' has not yet been approved by this org`;
    }
    return `chaincode definition for '${chaincode}' exists, but chaincode is not installed`;
  }

  /** The installed package that serves a chaincode here: the one that this hospital approved. */
  #packageOf(chaincode: string): string | undefined {
    const { ledger, packages } = this.#parts;
    if (!ledger.definitions.get(chaincode)) return undefined;
    const id = ledger.approvedPackage(chaincode);
    return id !== undefined && packages.get(id) ? id : undefined;
  }

  #simulator({ chaincode, transactionId, creator }: Proposal): Simulator {
    const { ledger, membership } = this.#parts;
    return new Simulator(ledger, chaincode, transactionId, membership.identify(creator)?.msp ?? '');
  }

  /** A call of the lifecycle: read and written as by any other chaincode, but in this process. */
  #simulateSystemCall(proposal: Proposal): ProposalOutcome {
    const simulator = this.#simulator(proposal);
    const response = this.#parts.system.invoke(proposal, simulator);
    const { publicBytes, privateSets } = simulator.finish();
    if (response.getStatus() < ERROR_STATUS_MIN) this.#keep(proposal.transactionId, privateSets);
    const payload = responsePayload(proposal, response, publicBytes, undefined, SYSTEM_VERSION);
    // As at Fabric's gateway, what the lifecycle writes is no measure of who has to endorse: a majority, or whom the client names.
    return this.#answer(response, payload, undefined);
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
