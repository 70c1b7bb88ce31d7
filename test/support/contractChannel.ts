/**
 * A channel on which only the contract runs, with hospitals and their people: each transaction is endorsed at the head and
 * cut into a block of its own, or several together into one.
 */
import './quietChaincode.js';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { contracts, PERMISSIONS } from '@consilium/contract';
import {
  type CommandInput,
  canonicalDigest,
  type Digest,
  type Msp,
  type Outcome,
  type QueryInput,
  type QueryName,
  type Receipt,
  type Role,
  receiptPayload,
  refusalIn,
  StudyId,
  StudyProtocol,
  type TransactionName,
  vectorLayout,
} from '@consilium/domain';
import { type Committed, type Endorsed, type Refused, SimulatedLedger } from './simulatedLedger.js';

export { PERMISSIONS };

const CHANNEL = 'consilium';
export const HOSPITALS = ['ClevelandMSP', 'HungaryMSP', 'SwitzerlandMSP', 'VaMSP'] as Msp[];
export const STUDY = StudyId.parse('heart');

/** A small protocol that may be proposed; the statistics round comes of its binary label. */
export function protocolOf(
  changes: Partial<CommandInput<'StudyContract:proposeStudy'>['protocol']> = {},
): StudyProtocol {
  return StudyProtocol.parse({
    schemaVersion: 1,
    title: 'Heart disease',
    members: HOSPITALS,
    publicData: true,
    mode: 'open',
    columns: [
      { kind: 'number', name: 'age', unit: 'years', min: 0, max: 120 },
      { kind: 'category', name: 'sex', levels: ['0', '1'] },
    ],
    label: { kind: 'binary', column: 'num', positive: { above: 0 } },
    standardisation: 'federated',
    split: { kind: 'listed' },
    model: { kind: 'logistic-regression' },
    seed: 42,
    training: { steps: 10, batchSize: 4, optimiser: { kind: 'sgd', learningRate: 0.1 } },
    aggregation: {},
    trainingRounds: 2,
    ...changes,
  });
}

/** Any digest, different for different texts. */
export const digestOf = (text: string): Digest => canonicalDigest(text);

export type Asked<Name extends TransactionName = TransactionName> = Readonly<{
  name: Name;
  command: CommandInput<Name>;
  msp: Msp;
  role?: Role | null;
}>;

export class ContractChannel {
  readonly ledger = new SimulatedLedger({ channel: CHANNEL, contracts });
  /** The people's and the peers' one clock. */
  now = Date.UTC(2026, 0, 1);
  readonly #keys = new Map<Msp, { publicKey: string; privateKey: KeyObject }>();
  #transactions = 0;

  /** Simulates on a peer that is up to date, and commits nothing. */
  async endorse<Name extends TransactionName>(
    name: Name,
    command: CommandInput<Name>,
    msp: Msp,
    role: Role | null = PERMISSIONS[name][0] ?? null,
  ): Promise<Endorsed | Refused> {
    return this.ledger.simulate(
      {
        transaction: name,
        argument: JSON.stringify(command),
        creator: { msp, role, id: `x509::/CN=${role}/O=${msp}` },
        txId: `tx${this.#transactions++}`,
        timestampMs: this.now,
      },
      { clockMs: this.now },
    );
  }

  /**
   * Endorses and commits in a block of its own.
   * @returns the transaction's answer
   * @throws ConsiliumError as the contract refused
   */
  async submit<Name extends TransactionName>(
    name: Name,
    command: CommandInput<Name>,
    msp: Msp,
    role?: Role | null,
  ): Promise<Record<string, unknown>> {
    const endorsed = await this.endorse(name, command, msp, role);
    if (!endorsed.ok) throw refusalIn(endorsed.error) ?? new Error(endorsed.error);
    const [committed] = this.ledger.validateAndCommit([endorsed]);
    if (committed?.code !== 'VALID') throw new Error(`committed as ${committed?.code}`);
    this.now += 10;
    return JSON.parse(endorsed.response);
  }

  /** Endorses all on one height and commits them in one block, in the order given. */
  async submitTogether(asked: readonly Asked[]): Promise<Committed[]> {
    const endorsed: Endorsed[] = [];
    for (const { name, command, msp, role } of asked) {
      const simulation = await this.endorse(name, command, msp, role);
      if (!simulation.ok) throw refusalIn(simulation.error) ?? new Error(simulation.error);
      endorsed.push(simulation);
    }
    this.now += 10;
    return this.ledger.validateAndCommit(endorsed);
  }

  async query<Name extends QueryName>(
    name: Name,
    query: QueryInput<Name>,
    msp: Msp = HOSPITALS[0] as Msp,
    role: Role | null = 'auditor',
  ): Promise<{ items: { key: string; value: unknown }[]; cursor: string | null }> {
    const creator = { msp, role, id: 'reader' };
    const argument = JSON.stringify(query);
    const answer = await this.ledger.simulate({ transaction: name, argument, creator, txId: 'q', timestampMs: 0 });
    if (!answer.ok) throw refusalIn(answer.error) ?? new Error(answer.error);
    return JSON.parse(answer.response);
  }

  /** The public receipt key of a hospital, made at first need. */
  receiptKey(msp: Msp): string {
    return this.#key(msp).publicKey;
  }

  /** The first share key of a hospital: any 32 bytes, the contract opens nothing with it. */
  shareKey(msp: Msp): string {
    return Buffer.from(digestOf(`share key ${msp}`), 'hex').toString('base64');
  }

  receipt(
    signer: Msp,
    of: Readonly<{ round: number; contributor: Msp; digest: Digest; study?: string; channel?: string }>,
  ): Receipt {
    const text = receiptPayload(of.channel ?? CHANNEL, of.study ?? STUDY, of.round, of.contributor, of.digest);
    return { msp: signer, signature: sign(null, Buffer.from(text), this.#key(signer).privateKey).toString('base64') };
  }

  #key(msp: Msp): { publicKey: string; privateKey: KeyObject } {
    const known = this.#keys.get(msp);
    if (known) return known;
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const x = publicKey.export({ format: 'jwk' }).x as string;
    const made = { publicKey: Buffer.from(x, 'base64url').toString('base64'), privateKey };
    this.#keys.set(msp, made);
    return made;
  }

  async registerHospitals(hospitals: readonly Msp[] = HOSPITALS): Promise<void> {
    for (const msp of hospitals) {
      const exchangeUrl = `https://${msp.toLowerCase()}.example:9443`;
      const command = { name: msp, exchangeUrl, chaincodeDigest: digestOf('chaincode') };
      await this.submit('HospitalContract:registerHospital', command, msp);
    }
  }

  /** A study that its members approved and registered for: the first round can be opened. */
  async activeStudy(
    protocol: StudyProtocol = protocolOf(),
    registered: readonly Msp[] = protocol.members,
  ): Promise<void> {
    await this.registerHospitals(protocol.members);
    await this.submit('StudyContract:proposeStudy', { study: STUDY, protocol }, protocol.members[0] as Msp);
    for (const msp of protocol.members) await this.approve(protocol, msp);
    for (const msp of registered) {
      const shareKey = protocol.mode === 'private' ? { shareKey: this.shareKey(msp) } : {};
      const command = { study: STUDY, receiptKey: this.receiptKey(msp), ...shareKey };
      await this.submit('StudyContract:registerMember', command, msp);
    }
  }

  async approve(protocol: StudyProtocol, msp: Msp, version = 1): Promise<void> {
    const command = { study: STUDY, version, protocolHash: canonicalDigest(protocol), meaning: 'approval', reason: '' };
    await this.submit('StudyContract:approveStudy', command, msp);
  }

  async vote(subject: string, voters: readonly Msp[], yes = true): Promise<void> {
    for (const msp of voters)
      await this.submit('StudyContract:castVote', { study: STUDY, subject, yes, reason: 'discussed' }, msp);
  }

  async open(round: number, attestedBy: readonly Msp[] = [], opener: Msp = HOSPITALS[0] as Msp) {
    return this.submit('RoundContract:openRound', { study: STUDY, round, attestedBy: [...attestedBy] }, opener);
  }

  /** What the round's record says, as its opener wrote it. */
  roundRecord(round: number): { kind: string; base: { digest: Digest; version: number } | null; protocolHash: Digest } {
    const text = this.ledger.read(`round~${STUDY}~${String(round).padStart(10, '0')}`);
    if (!text) throw new Error(`no round ${round}`);
    return JSON.parse(text);
  }

  /** The command of a join; changes make it a bad one. */
  joinCommand(round: number): CommandInput<'RoundContract:joinRound'> {
    const { base, protocolHash } = this.roundRecord(round);
    return { study: STUDY, round, protocolHash, baseDigest: base?.digest ?? digestOf('none') };
  }

  async join(round: number, hospitals: readonly Msp[] = HOSPITALS): Promise<void> {
    for (const msp of hospitals) await this.submit('RoundContract:joinRound', this.joinCommand(round), msp);
  }

  /** The command of a contribution with receipts of as many others as are needed. */
  contributeCommand(
    protocol: StudyProtocol,
    round: number,
    msp: Msp,
    digest: Digest = digestOf(`vector ${round} ${msp}`),
  ): CommandInput<'RoundContract:contribute'> {
    const { kind } = this.roundRecord(round);
    const signers = protocol.members
      .filter((member) => member !== msp)
      .slice(0, Math.floor(protocol.members.length / 2));
    return {
      study: STUDY,
      round,
      vectorDigest: digest,
      vectorLength: vectorLayout(protocol, kind as 'training').length,
      receipts: signers.map((signer) => this.receipt(signer, { round, contributor: msp, digest })),
    };
  }

  async contribute(protocol: StudyProtocol, round: number, hospitals: readonly Msp[] = HOSPITALS): Promise<void> {
    for (const msp of hospitals)
      await this.submit('RoundContract:contribute', this.contributeCommand(protocol, round, msp), msp);
  }

  async attest(round: number, outcome: Outcome, hospitals: readonly Msp[] = HOSPITALS): Promise<void> {
    for (const msp of hospitals) await this.submit('RoundContract:attest', { study: STUDY, round, outcome }, msp);
  }

  /** Opens round 0 and has all attest its version. */
  async initialRound(hospitals: readonly Msp[] = HOSPITALS): Promise<void> {
    await this.open(0);
    await this.attest(0, versionOutcome('weights 0', { sumDigest: null }), hospitals);
  }

  /** Plays a round that is open already: joined, contributed and attested by all the hospitals named. */
  async play(
    protocol: StudyProtocol,
    round: number,
    outcome: Outcome,
    hospitals: readonly Msp[] = HOSPITALS,
  ): Promise<void> {
    await this.join(round, hospitals);
    await this.contribute(protocol, round, hospitals);
    await this.attest(round, outcome, hospitals);
  }

  /** Opens a round after one whose version the first t hospitals attested, and plays it. */
  async next(protocol: StudyProtocol, round: number, outcome: Outcome): Promise<void> {
    await this.open(round, HOSPITALS.slice(0, 3));
    await this.play(protocol, round, outcome);
  }
}

/** An outcome whose digests are made of a name. */
export function versionOutcome(
  name: string,
  changes: Readonly<{ sumDigest?: Digest | null; result?: Extract<Outcome, { kind: 'version' }>['result'] }> = {},
): Outcome {
  const { sumDigest = digestOf(`sum of ${name}`), result = {} } = changes;
  return { kind: 'version', digest: digestOf(name), sumDigest, result };
}

/** A validation result in which the base does better (negative) or worse than its parent by so much. */
export function validated(lossBeyondParent: number): Extract<Outcome, { kind: 'version' }>['result'] {
  const validation = { patients: 0, loss: 1_000 + lossBeyondParent, parentLoss: 1_000, metrics: null };
  return { weight: 100, validation };
}
