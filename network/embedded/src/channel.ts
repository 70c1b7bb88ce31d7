import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Database, openDatabase } from '@consilium/sqlite';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { collectionPackage } from './collectionsConfig.js';
import type { Config } from './config.js';
import { type ControlRequest, ControlServer } from './control/controlServer.js';
import {
  type ChaincodeDefinition,
  definitionKeys,
  implicitCollection,
  LIFECYCLE,
  majorityParameter,
  signatureParameter,
} from './ledger/chaincodeDefinition.js';
import { ChainReader } from './ledger/chainReader.js';
import { ChainStore } from './ledger/chainStore.js';
import type { Collection } from './ledger/collection.js';
import { collectionsRefusal } from './ledger/collectionRules.js';
import { PeerLedger } from './ledger/peerLedger.js';
import { PrivateStore, type WantedSet } from './ledger/privateStore.js';
import type { PrivateSet } from './ledger/readWriteSetBuilder.js';
import { StateStore } from './ledger/stateStore.js';
import { ChannelConfiguration } from './membership/channelConfiguration.js';
import type { Identity } from './membership/identity.js';
import { Membership } from './membership/membership.js';
import { readMsp } from './membership/msp.js';
import { outOf } from './membership/policy.js';
import { parseSignaturePolicy } from './membership/policyText.js';
import { Orderer } from './orderer/orderer.js';
import { BroadcastService } from './peer/broadcastService.js';
import { type DefinitionTransaction, definitionTransaction } from './peer/defineChaincode.js';
import { DeliverService } from './peer/deliverService.js';
import type { Shuffle } from './peer/endorsementPlan.js';
import { Endorser } from './peer/endorser.js';
import { EndorserService } from './peer/endorserService.js';
import { GatewayService } from './peer/gatewayService.js';
import { InstalledPackages } from './peer/installedPackages.js';
import { Lifecycle } from './peer/lifecycle.js';
import { PeerFaults } from './peer/peerFaults.js';
import type { PeerNode } from './peer/peerNode.js';
import { PeerServer } from './peer/peerServer.js';
import { readSigningIdentity, type SigningIdentity } from './peer/signingIdentity.js';
import { SystemChaincodes } from './peer/systemChaincodes.js';
import { headerHash } from './wire/block.js';
import { genesisBlock } from './wire/genesis.js';

/** What a channel takes from its surroundings. */
export interface Surroundings {
  readonly clock: () => number;
  readonly shuffle: Shuffle;
}

interface HospitalPeer extends PeerNode {
  readonly signer: SigningIdentity;
  readonly packages: InstalledPackages;
  server: PeerServer | undefined;
}

/** A stored chain that belongs to another topology. */
export class ForeignChainError extends Error {
  constructor(home: string) {
    super(`${home} holds the chain of another topology or channel; choose another folder, or remove it`);
    this.name = 'ForeignChainError';
  }
}

/** The embedded channel: one orderer, and every hospital's peer, in this process. */
export class Channel {
  readonly #config: Config;
  readonly #surroundings: Surroundings;
  readonly #membership: Membership;
  readonly #databases: Database[] = [];
  readonly #store: ChainStore;
  readonly #reader: ChainReader;
  readonly #configuration: ChannelConfiguration;
  readonly #peers: HospitalPeer[];
  readonly #orderer: Orderer;
  readonly #activity = { endorsing: 0 };
  #control: ControlServer | undefined;

  /** Opens the stores and checks them. Throws an Error that says what is wrong and changes nothing then. */
  constructor(config: Config, surroundings: Surroundings) {
    this.#config = config;
    this.#surroundings = surroundings;
    this.#membership = new Membership(config.hospitals.map(({ msp, mspDir }) => readMsp(msp, mspDir)));
    mkdirSync(config.home, { recursive: true });
    this.#store = new ChainStore(this.#open('chain.db', true));
    this.#reader = new ChainReader(this.#store);
    this.#openChain();
    this.#configuration = new ChannelConfiguration(this.#membership, this.#reader);
    this.#peers = config.hospitals.map((hospital) => this.#createPeer(hospital));
    this.#orderer = this.#createOrderer();
  }

  /** Brings the channel up; when this resolves, every endpoint listens and the chaincodes are defined. */
  async start(): Promise<void> {
    await Promise.all(this.#peers.map(({ ledger }) => ledger.follow()));
    for (const { packages } of this.#peers) packages.start();
    for (const chaincode of this.#config.chaincodes) await this.#define(chaincode);
    this.#peers.forEach((own, index) => {
      const { listen } = (this.#config.hospitals[index] as Config['hospitals'][number]).peer;
      own.server = this.#serverOf(own, listen);
    });
    await Promise.all(this.#peers.map(({ server }) => server?.start()));
    if (!this.#config.control) return;
    this.#control = new ControlServer(this.#config.control.socket, (request) => this.#carryOut(request));
    await this.#control.start();
  }

  /**
   * Throws every peer's state away, computes it again from the blocks alone, and closes the stores. Private data are not
   * in the blocks: those that a peer has it keeps. Answers a line for each peer.
   */
  async rebuild(): Promise<string[]> {
    for (const { ledger } of this.#peers) {
      ledger.state.clear();
      ledger.definitions.forget();
    }
    await Promise.all(this.#peers.map(({ ledger }) => ledger.follow()));
    const lines = this.#peers.map(({ msp, ledger: { height, state } }) => {
      return `${msp}: ${height} blocks, state ${state.commitHash.toString('hex').slice(-64)}`;
    });
    for (const database of this.#databases) database.close();
    return lines;
  }

  /** Endpoints by hospital. */
  get endpoints(): Record<string, string> {
    return Object.fromEntries(this.#peers.map((each) => [each.msp, each.endpoint()]));
  }

  /** Stops in order: no new calls, what waits is ordered and committed, the stores are closed. */
  async stop(): Promise<void> {
    this.#control?.stop();
    await this.#orderer.close();
    for (const { server, packages } of this.#peers) {
      server?.stop();
      packages.close();
    }
    await Promise.all(this.#peers.map(({ ledger }) => ledger.close()));
    for (const database of this.#databases) database.close();
  }

  /** Block 0 is computed from the topology: a stored chain must begin with the same one, and hold together. */
  #openChain(): void {
    const genesis = genesisBlock(this.#config.channel, this.#membership);
    if (this.#store.height === 0) this.#store.append(genesis, ['']);
    this.#store.verify();
    const first = this.#store.block(0);
    if (!first || !headerHash(first).equals(headerHash(genesis))) throw new ForeignChainError(this.#config.home);
  }

  #createPeer(hospital: Config['hospitals'][number]): HospitalPeer {
    const { msp, peer } = hospital;
    const signer = readSigningIdentity(msp, peer.mspDir);
    const identity = this.#membership.identify(signer.serialized);
    if (identity?.role !== 'peer') throw new Error(`${peer.mspDir}: no peer certificate of ${msp}`);
    mkdirSync(join(this.#config.home, 'peers', msp), { recursive: true });
    const faults = new PeerFaults();
    const state = this.#openState(join('peers', msp, 'state.db'));
    const privates = new PrivateStore(this.#open(join('peers', msp, 'private.db'), false));
    const ledger = new PeerLedger({
      organization: msp,
      channel: this.#config.channel,
      chain: this.#reader,
      state,
      privates,
      membership: this.#membership,
      configuration: this.#configuration,
      fetchPrivateSet: (wanted) => this.#fetchPrivateSet(msp, wanted),
      ...(this.#config.control ? { mayCommit: () => mayCommit(faults) } : {}),
    });
    const configured = Object.entries(hospital.chaincodes).map(([name, { address, tls }]) => {
      const { packageId } = this.#config.chaincodes.find((each) => each.name === name) as { packageId: string };
      return { packageId, address, credentials: dialCredentials(tls?.dir) };
    });
    const packages = new InstalledPackages(join(this.#config.home, 'peers', msp, 'packages'), configured);
    const lifecycle = new Lifecycle(ledger, this.#membership, packages);
    const system = new SystemChaincodes(ledger, this.#reader, this.#membership, lifecycle);
    const endorser = new Endorser({
      ledger,
      chain: this.#reader,
      membership: this.#membership,
      signer,
      packages,
      system,
      clock: this.#surroundings.clock,
      faults,
      disseminate: (transactionId, set, collection) => this.#disseminate(msp, transactionId, set, collection),
    });
    const node: HospitalPeer = {
      msp,
      signer,
      identity: identity as Identity,
      endorser,
      ledger,
      faults,
      packages,
      server: undefined,
      endpoint: () => node.server?.endpoint ?? peer.listen,
    };
    return node;
  }

  #serverOf(own: HospitalPeer, listen: string): PeerServer {
    const hospital = this.#config.hospitals.find(({ msp }) => msp === own.msp) as Config['hospitals'][number];
    return new PeerServer(listen, hospital.peer.tlsDir, {
      gateway: this.#gatewayOf(own),
      deliver: this.#deliverOf(own),
      endorser: new EndorserService(own.endorser),
      broadcast: new BroadcastService(this.#orderer),
    });
  }

  /** Makes a fault for a test, or ends it. */
  async #carryOut(request: ControlRequest): Promise<void> {
    const own = this.#peers.find(({ msp }) => msp === request.msp);
    if (!own) throw new Error(`no hospital ${request.msp}`);
    const { faults, ledger } = own;
    if (request.do === 'stop' && !faults.isStopped) {
      faults.isStopped = true;
      own.server?.stop();
    }
    if (request.do === 'start' && faults.isStopped) {
      const server = this.#serverOf(own, own.endpoint());
      await server.start();
      own.server = server;
      faults.isStopped = false;
    }
    if (request.do === 'cutOff') faults.isCutOff = request.isOn;
    if (request.do === 'delayCommits') faults.commitDelayMs = request.ms;
    if (request.do === 'answerDifferently') faults.answersDifferently = request.isOn;
    await ledger.follow();
  }

  /** As Fabric's gossip does it: to so many other members' peers as the collection wants, to all that it needs. */
  #disseminate(from: string, transactionId: string, set: PrivateSet, collection: Collection): void {
    const eligible = this.#peers.filter(
      ({ msp, faults }) => msp !== from && collection.organizations.has(msp) && !faults.isUnreachable,
    );
    if (eligible.length < collection.requiredPeerCount) {
      throw new Error(
        `error in simulation: failed to distribute private collection, txID ${transactionId}, channel ${this.#config.channel}: could not build private data dissemination plan for chaincode ${set.namespace} and collection ${set.collection}: required to disseminate to at least ${collection.requiredPeerCount} peers, but know of only ${eligible.length} eligible peers`,
      );
    }
    for (const { ledger } of eligible.slice(0, collection.maximumPeerCount)) {
      ledger.privates.keepEndorsed(transactionId, [set], ledger.height);
    }
  }

  /** A set that a peer was not given when it was endorsed, from the peers of the collection's other members. */
  #fetchPrivateSet(by: string, wanted: WantedSet): Buffer | undefined {
    for (const { msp, ledger, faults } of this.#peers) {
      if (faults.isUnreachable) continue;
      const isMember = ledger.definitions.isCollectionMember(wanted.namespace, wanted.collection, msp);
      const found = msp !== by && isMember ? ledger.privates.find(wanted) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  #createOrderer(): Orderer {
    const { channel, batch, hospitals } = this.#config;
    const [first] = hospitals;
    const signer = first?.orderer
      ? readSigningIdentity(first.msp, first.orderer.mspDir)
      : (this.#peers[0] as HospitalPeer).signer;
    return new Orderer({
      channel,
      batch,
      store: this.#store,
      reader: this.#reader,
      membership: this.#membership,
      clock: this.#surroundings.clock,
      signer,
      configuration: this.#configuration,
      deliver: async () => {
        await Promise.all(this.#peers.map(({ ledger }) => ledger.follow()));
      },
      endorsing: () => this.#activity.endorsing,
    });
  }

  /**
   * Commits a chaincode's definition where the channel has none or another one. The configuration speaks for all
   * hospitals, so a definition that differs is a new one with the next sequence.
   */
  async #define(chaincode: Config['chaincodes'][number]): Promise<void> {
    const { ledger } = this.#peers[0] as HospitalPeer;
    const current = ledger.definitions.get(chaincode.name);
    const parameter = this.#validationParameter(chaincode.endorsement);
    const collections = collectionPackage(chaincode.collections);
    const packages = new Map(
      this.#config.hospitals.map(({ msp, chaincodes }) => [msp, chaincodes[chaincode.name] ? chaincode.packageId : '']),
    );
    const isSame =
      current?.version === chaincode.version &&
      current.validationParameter.equals(parameter) &&
      current.collections.equals(collections) &&
      this.#peers.every((each) => each.ledger.approvedPackage(chaincode.name) === packages.get(each.msp));
    if (current && (isSame || this.#isDefinedByHospitals(current.name, ledger))) return;
    const refusal = collectionsRefusal(collections, current?.collections ?? Buffer.alloc(0), this.#membership);
    if (refusal !== undefined) throw new Error(`chaincode '${chaincode.name}': ${refusal}`);
    const next = (current?.sequence ?? 0) + 1;
    if (chaincode.sequence > next) {
      throw new Error(
        `chaincode '${chaincode.name}': requested sequence is ${chaincode.sequence}, but new definition must be sequence ${next}`,
      );
    }
    const definition: ChaincodeDefinition = {
      name: chaincode.name,
      version: chaincode.version,
      sequence: next,
      validationParameter: parameter,
      collections,
    };
    const signers = this.#peers.map((each) => each.signer);
    const now = this.#surroundings.clock();
    const transaction = definitionTransaction(this.#config.channel, definition, ledger.state, signers, now, packages);
    this.#keepApprovals(transaction);
    const answer = this.#orderer.order(transaction.envelope);
    if (answer.status !== 'SUCCESS') throw new Error(`chaincode '${chaincode.name}': ${answer.info}`);
    await this.#orderer.flush();
    if (ledger.definitions.get(chaincode.name)?.sequence !== next) {
      throw new Error(`chaincode '${chaincode.name}': its definition was not committed`);
    }
  }

  /** Whether the hospitals' admins have agreed upon a definition by the lifecycle: then the configuration is silent. */
  #isDefinedByHospitals(name: string, { state }: PeerLedger): boolean {
    const version = state.get(LIFECYCLE, definitionKeys(name).sequence)?.version;
    const transaction = version && this.#reader.parsed(version.block).transactions[version.transaction];
    const creator = transaction?.header && this.#membership.identify(transaction.header.creator);
    return creator?.role !== 'peer';
  }

  #keepApprovals({ transactionId, privateSets }: DefinitionTransaction): void {
    for (const { msp, ledger } of this.#peers) {
      const own = privateSets.filter(({ collection }) => collection === implicitCollection(msp));
      ledger.privates.keepEndorsed(transactionId, own, ledger.height);
    }
  }

  #validationParameter(endorsement: string): Buffer {
    const organizations = this.#membership.organizations;
    if (endorsement === 'MAJORITY') return majorityParameter();
    if (endorsement === 'ANY') return signatureParameter(outOf(1, organizations));
    if (endorsement === 'ALL') return signatureParameter(outOf(organizations.length, organizations));
    return signatureParameter(parseSignaturePolicy(endorsement));
  }

  #gatewayOf(own: HospitalPeer): GatewayService {
    return new GatewayService({
      channel: this.#config.channel,
      own,
      nodes: this.#peers,
      shuffle: this.#surroundings.shuffle,
      membership: this.#membership,
      orderer: this.#orderer,
      activity: this.#activity,
    });
  }

  #deliverOf({ ledger }: HospitalPeer): DeliverService {
    return new DeliverService({ ledger, membership: this.#membership, clock: this.#surroundings.clock });
  }

  /** A state that is not a beginning of the chain is of no use; everything in it can be computed again. */
  #openState(name: string): StateStore {
    const state = new StateStore(this.#open(name, false));
    if (state.height === 0) return state;
    const last = this.#store.block(state.height - 1);
    if (last && headerHash(last).equals(state.lastHash)) return state;
    state.clear();
    return state;
  }

  #open(name: string, isExclusive: boolean): Database {
    const file = join(this.#config.home, name);
    try {
      const database = openDatabase(file);
      this.#databases.push(database);
      if (isExclusive) database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT;');
      return database;
    } catch (error) {
      const isLocked = /locked|busy/i.test((error as Error).message);
      throw isLocked ? new Error(`${file} is in use by another process`, { cause: error }) : error;
    }
  }
}

/** Waits as long as a peer's faults say, and answers whether it takes blocks at all. */
async function mayCommit(faults: PeerFaults): Promise<boolean> {
  if (faults.commitDelayMs > 0) await pause(faults.commitDelayMs);
  return !faults.isUnreachable;
}

function dialCredentials(folder: string | undefined): ChannelCredentials {
  if (folder === undefined) return credentials.createInsecure();
  const read = (name: string) => {
    const file = join(folder, name);
    if (!existsSync(file)) throw new Error(`${file} is missing: the peer dials its chaincode with it`);
    return readFileSync(file);
  };
  return credentials.createSsl(read('ca.crt'), read('client.key'), read('client.crt'));
}
