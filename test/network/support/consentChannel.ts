/**
 * A channel of either kind with the product's own chaincode and nothing else: people who record policies, consents and
 * joins, and who have evidence made. What a hospital keeps of its records is kept here.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CohortTree,
  type CommandInput,
  ConsentContent,
  ConsentEvent,
  type ConsentEventInput,
  type ConsentKind,
  ConsentRef,
  ConsentSalt,
  canonicalDigest,
  cohortPosition,
  consentCommitment,
  consentLeaf,
  consentSubject,
  type Digest,
  LedgerPage,
  ledgerKey,
  type Msp,
  merkleProof,
  type QueryName,
  type Role,
  StudyId,
  type StudyProtocol,
  sizeBucketOf,
  type TransactionName,
} from '@consilium/domain';
import { readConnection } from '@consilium/network/connectionFile';
import { Home } from '@consilium/network/home';
import type { RunningNetwork } from '@consilium/network/runningNetwork';
import { startNetwork } from '@consilium/network/startNetwork';
import { EndorseError } from '@hyperledger/fabric-gateway';
import { EvidencePacks } from '../../../gateway/src/exports/evidence/evidencePacks.js';
import type { EvidenceStore } from '../../../gateway/src/exports/evidence/ports.js';
import { roundArithmetic } from '../../../gateway/src/learning/aggregate.js';
import { ChainBlocks } from '../../../gateway/src/ledger/chainBlocks.js';
import { EndorsedQueries } from '../../../gateway/src/ledger/endorsedQuery.js';
import { type LedgerIdentity, readIdentity } from '../../../gateway/src/ledger/ledgerIdentity.js';
import { type PeerAddress, PeerConnection } from '../../../gateway/src/ledger/peerConnection.js';

export const STUDY = StudyId.parse('heart');
const DUO_HMB = 'DUO:0000006';
const log = { info: () => {}, warn: () => {}, error: () => {} };
const clock = { now: () => Date.now(), monotonic: () => performance.now() };

const ENDORSE_TRIES_MAX = 60;
const ENDORSE_PAUSE_MS = 500;

type Options = Readonly<{ channel?: 'embedded' | 'fabric'; hospitals?: readonly string[]; repository?: string }>;

export class ConsentChannel {
  readonly home: Home;
  readonly msps: readonly Msp[];
  readonly #network: RunningNetwork;
  readonly #folder: string;
  /** Versions by digest. */
  readonly #files = new Map<Digest, Uint8Array>();
  readonly #connections = new Map<Msp, PeerConnection>();

  private constructor(network: RunningNetwork, folder: string, hospitals: readonly string[]) {
    this.#network = network;
    this.#folder = folder;
    this.home = new Home(network.home);
    this.msps = hospitals.map((name) => `${name}MSP` as Msp);
  }

  static async start({
    channel = 'embedded',
    hospitals = ['Cleveland', 'Hungary', 'Switzerland', 'Va'],
    ...repository
  }: Options = {}): Promise<ConsentChannel> {
    const folder = mkdtempSync(join(tmpdir(), 'evidence-'));
    writeFileSync(join(folder, 'rows.csv'), 'age,label\n61,1\n44,0\n');
    const topology = join(folder, 'topology.json');
    const data = { file: 'rows.csv' };
    writeFileSync(topology, JSON.stringify({ hospitals: hospitals.map((name) => ({ name, data })) }));
    const network = await startNetwork({
      topology,
      home: join(folder, 'home'),
      channel,
      channelOnly: true,
      environment: process.env,
      ...repository,
    });
    return new ConsentChannel(network, folder, hospitals);
  }

  get root(): string {
    return this.home.root;
  }

  address(msp: Msp): PeerAddress {
    return readConnection(this.home.hospital(msp).connectionFile) as PeerAddress;
  }

  identity(msp: Msp, role: Role): LedgerIdentity {
    const { certificate, key } = this.home.hospital(msp).person(role);
    return readIdentity(msp, { certFile: certificate, keyFile: key });
  }

  as(msp: Msp, role: Role, identity = this.identity(msp, role)) {
    const connection = this.#connections.get(msp) ?? new PeerConnection(this.address(msp));
    this.#connections.set(msp, connection);
    return connection.as(identity);
  }

  /** Resolves to the transaction's answer, once committed. Nothing that is submitted here is meant to be refused. */
  async submit<Name extends TransactionName>(
    msp: Msp,
    role: Role,
    name: Name,
    command: CommandInput<Name>,
  ): Promise<unknown> {
    const { channel, chaincode } = this.address(msp);
    const contract = this.as(msp, role).getNetwork(channel).getContract(chaincode);
    for (let tries = 1; ; tries++) {
      try {
        const bytes = await contract.submit(name, { arguments: [JSON.stringify(command)] });
        return JSON.parse(Buffer.from(bytes).toString('utf8'));
      } catch (error) {
        // Another hospital's peer may not have seen yet what this one builds on.
        if (!(error instanceof EndorseError) || tries === ENDORSE_TRIES_MAX) throw error;
        await wait(ENDORSE_PAUSE_MS);
      }
    }
  }

  /** Makes packs as a person of a hospital, of what `store` keeps. */
  packs(msp: Msp, role: Role, store?: EvidenceStore): EvidencePacks {
    const identity = this.identity(msp, role);
    const { channel, chaincode } = this.address(msp);
    const names = { channel, chaincode, msp };
    const gateway = this.as(msp, role, identity);
    return new EvidencePacks({
      names: { channel, chaincode },
      questions: new EndorsedQueries(gateway, names, log),
      chain: new ChainBlocks(gateway, names),
      signer: {
        msp,
        certificate: identity.identity.credentials,
        sign: (message) => identity.signer(message),
      },
      // All that was computed here is the first version.
      files: {
        gather: async () => [...this.#files].map(([digest, { length }]) => ({ digest, bytes: length })),
        read: async (digest) => this.#files.get(digest) as Uint8Array,
      },
      ...(store ? { store } : {}),
      clock,
    });
  }

  /** The hash that an auditor would be told. */
  async genesis(msp: Msp = this.msps[0] as Msp): Promise<string> {
    const { channel, chaincode } = this.address(msp);
    const blocks = new ChainBlocks(this.as(msp, 'auditor'), { channel, chaincode, msp });
    return (await blocks.block(1)).previousHash;
  }

  /** Registers all, and publishes a policy for health research in each hospital; some keep their events at home. */
  async begin(atHome: readonly Msp[] = []): Promise<void> {
    for (const msp of this.msps) {
      await this.submit(msp, 'admin', 'HospitalContract:registerHospital', {
        name: msp,
        exchangeUrl: `https://${msp.toLowerCase()}.example:9443`,
        chaincodeDigest: canonicalDigest('chaincode'),
      });
      await this.submit(msp, 'compliance-officer', 'ConsentContract:publishPolicy', {
        title: 'Research with care',
        textHash: canonicalDigest('text'),
        permittedPurposes: [DUO_HMB, 'DUO:0000042', 'DUO:0000007'],
        dataClasses: ['laboratory'],
        legalBasis: 'consent',
        placement: atHome.includes(msp) ? 'roots' : 'ledger',
      });
    }
  }

  /** A study that asks for consent, approved, with its first round attested, and round 1 open. */
  async study(protocol: StudyProtocol): Promise<void> {
    const [first] = this.msps as [Msp];
    await this.submit(first, 'researcher', 'StudyContract:proposeStudy', { study: STUDY, protocol });
    const protocolHash = canonicalDigest(protocol);
    for (const msp of this.msps) {
      const approval = { study: STUDY, version: 1, protocolHash, meaning: 'approval', reason: '' };
      await this.submit(msp, 'compliance-officer', 'StudyContract:approveStudy', approval);
      const receiptKey = randomBytes(32).toString('base64');
      await this.submit(msp, 'agent', 'StudyContract:registerMember', { study: STUDY, receiptKey });
    }
    await this.submit(first, 'agent', 'RoundContract:openRound', { study: STUDY, round: 0, attestedBy: [] });
    const digest = this.#keepFirstVersion(protocol);
    const outcome = { kind: 'version', digest, sumDigest: null, result: {} } as const;
    for (const msp of this.msps)
      await this.submit(msp, 'agent', 'RoundContract:attest', { study: STUDY, round: 0, outcome });
    const attestedBy = this.msps.slice(0, Math.floor(this.msps.length / 2) + 1);
    await this.submit(first, 'agent', 'RoundContract:openRound', { study: STUDY, round: 1, attestedBy });
  }

  /** Joins a round with the cohort of these members, whatever they allow. */
  async join(msp: Msp, round: number, members: readonly KeptRecord[], protocol: StudyProtocol): Promise<void> {
    const { items } = await this.query(msp, 'ConsentContract:policies', { msp });
    const epoch = items.find(({ key }) => key === ledgerKey.epoch(msp))?.value as { epoch: number } | undefined;
    await this.submit(msp, 'agent', 'RoundContract:joinRound', {
      study: STUDY,
      round,
      protocolHash: canonicalDigest(protocol),
      baseDigest: this.#keepFirstVersion(protocol),
      cohort: {
        root: treeOf(members, round).root,
        sizeBucket: sizeBucketOf(members.length),
        restrictionEpoch: epoch?.epoch ?? 0,
        policyVersion: 1,
        purposes: protocol.purposes,
      },
    });
  }

  #keepFirstVersion(protocol: StudyProtocol): Digest {
    const file = roundArithmetic.initialVersion(protocol);
    const digest = createHash('sha256').update(file).digest('hex') as Digest;
    this.#files.set(digest, file);
    return digest;
  }

  /** A transaction's envelope. */
  async envelope(msp: Msp, block: number, id: string): Promise<Buffer> {
    const { channel, chaincode } = this.address(msp);
    const blocks = new ChainBlocks(this.as(msp, 'auditor'), { channel, chaincode, msp });
    const found = (await blocks.block(block)).transactions.find((each) => each.id === id);
    if (!found) throw new Error(`block ${block} has no transaction ${id}`);
    return Buffer.from(found.bytes);
  }

  /** An event as it stands on the channel. */
  async record(msp: Msp, ref: ConsentRef, seq: number): Promise<ConsentEvent> {
    const { items } = await this.query(msp, 'ConsentContract:consentHistory', { msp, ref });
    return ConsentEvent.parse(items[seq]?.value);
  }

  async query(msp: Msp, name: QueryName, query: object): Promise<LedgerPage> {
    const { channel, chaincode } = this.address(msp);
    const contract = this.as(msp, 'auditor').getNetwork(channel).getContract(chaincode);
    const bytes = await contract.evaluate(name, { arguments: [JSON.stringify(query)] });
    return LedgerPage.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close();
    await this.#network.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** One patient's record as its hospital keeps it, and the events that it puts on the channel. */
export class KeptRecord {
  readonly msp: Msp;
  readonly patient: string;
  readonly ref = ConsentRef.parse(randomBytes(16).toString('hex'));
  readonly salt = ConsentSalt.parse(randomBytes(32).toString('hex'));
  readonly contents: ConsentContent[] = [];
  readonly inputs: ConsentEventInput[] = [];

  constructor(msp: Msp, patient: string) {
    this.msp = msp;
    this.patient = patient;
  }

  /** The next event. */
  event(
    kind: ConsentKind,
    changes: Readonly<
      Partial<Pick<ConsentContent, 'terms' | 'effectiveFrom' | 'validFrom' | 'validTo'>> &
        Partial<Pick<ConsentEventInput, 'reason'>>
    > = {},
  ): ConsentEventInput {
    const { reason = 'patient-asked', ...said } = changes;
    const ends = kind === 'withdraw' || kind === 'expire' || kind === 'opt-out';
    const content = ConsentContent.parse({
      schemaVersion: 1,
      msp: this.msp,
      ref: this.ref,
      seq: this.contents.length,
      kind,
      subject: consentSubject(this.salt, this.patient),
      terms: ends ? [] : [{ code: DUO_HMB, values: [] }],
      dataClasses: [],
      policyVersion: 1,
      validFrom: null,
      validTo: null,
      effectiveFrom: Date.now(),
      evidence: null,
      ...said,
    });
    const input: ConsentEventInput = {
      ref: this.ref,
      seq: content.seq,
      kind,
      commitment: consentCommitment(this.salt, content),
      codes: content.terms.map(({ code }) => code),
      policyVersion: content.policyVersion,
      validFrom: content.validFrom,
      validTo: content.validTo,
      effectiveFrom: content.effectiveFrom,
      narrows: false,
      meaning: 'recorded',
      reason,
    };
    this.contents.push(content);
    this.inputs.push(input);
    return input;
  }
}

/** The tree of a cohort. */
function treeOf(members: readonly KeptRecord[], round: number): CohortTree {
  return CohortTree.of(members.map(({ ref, salt }) => cohortPosition(salt, ref, STUDY, round)));
}

type Cohort = Readonly<{
  members?: readonly KeptRecord[];
  erased?: readonly KeptRecord[];
  /** Batches of events that stay at home, in the order of their numbers. */
  batches?: readonly (readonly ConsentEventInput[])[];
}>;

/** What the consent store gives to evidence, of records kept here. */
export function storeOf(records: readonly KeptRecord[], cohort: Cohort = {}): EvidenceStore {
  const { members = records, erased = [], batches = [] } = cohort;
  const found = (ref: string) => records.find((each) => each.ref === ref);
  const batchOf = (ref: string, seq: number) => {
    const batch = batches.findIndex((events) => events.some((event) => event.ref === ref && event.seq === seq));
    return batch < 0 ? null : batch;
  };
  return {
    cohortOpening: (_study, round, { withPatients = false } = {}) => ({
      positions: [...members, ...erased].map(({ ref, salt }) => cohortPosition(salt, ref, STUDY, round)),
      erased: erased.map(({ ref }) => ref),
      members: members.map(({ ref, salt, patient, contents }) => ({
        ref,
        salt,
        patient: withPatients ? patient : null,
        events: contents.map((content) => ({ content, batch: batchOf(ref, content.seq) })),
      })),
    }),
    cohortProof: ({ ref }, study, round) => {
      const tree = treeOf(members, round);
      const record = found(ref) as KeptRecord;
      const position = cohortPosition(record.salt, record.ref, study, round);
      return { presence: tree.has(position) ? 'present' : 'absent', proof: tree.prove(position) };
    },
    patientOf: (ref) => found(ref)?.patient,
    opening: (ref) => found(ref),
    history: ({ ref }) =>
      (found(ref)?.contents ?? []).map((content) => ({
        content,
        batch: batchOf(ref, content.seq),
      })),
    batchProof: (ref, seq) => {
      const batch = batchOf(ref, seq);
      const events = batch === null ? undefined : batches[batch];
      if (batch === null || !events) return undefined;
      const index = events.findIndex((event) => event.ref === ref && event.seq === seq);
      const leaf = events[index] as ConsentEventInput;
      return {
        batch,
        index,
        leaf,
        path: merkleProof(
          events.map((each) => consentLeaf(each)),
          index,
        ).path,
      };
    },
    batchLeaves: (batch) => batches[batch] ?? [],
  };
}
