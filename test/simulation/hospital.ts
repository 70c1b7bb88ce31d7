/** One hospital of the simulation: its disk, its mirror, and a gateway process with the real agent that can be killed. */
import type { Digest, Msp, StudyId } from '@consilium/domain';
import { Agent } from '../../gateway/src/agent/agent.js';
import type { AgentPorts } from '../../gateway/src/agent/agentPorts.js';
import type {
  AgentNews,
  Arithmetic,
  Log,
  RoundVerification,
  VectorMade,
  VectorTask,
} from '../../gateway/src/agent/ports.js';
import { ReceiptDesk } from '../../gateway/src/agent/receiptDesk.js';
import { VerifyDesk } from '../../gateway/src/agent/verifyRound.js';
import { AgentChannel, type ChannelParts } from './agentChannel.js';
import { type Attack, attackingPorts, isWithholding } from './attackers.js';
import { CHANNEL, EPOCH_MS } from './channelNetwork.js';
import { ConsentOutbox } from './consentOutbox.js';
import { ConsentRecords } from './consentRecords.js';
import { type Database, Disk } from './disk.js';
import type { ExchangeNetwork, Reachable } from './exchangeNetwork.js';
import { Incarnation } from './incarnation.js';
import { Mirror } from './mirror.js';
import { plainSealing } from './plainSealing.js';
import { SimulatedConsentDesk } from './simulatedConsentDesk.js';
import { type LearnerPlan, SimulatedLearner } from './simulatedLearner.js';
import { SimulatedSecrets } from './simulatedSecrets.js';
import type { Variant } from './variant.js';

/** What a hospital is built of, besides itself. */
export type HospitalParts = ChannelParts &
  Readonly<{
    exchange: ExchangeNetwork;
    learning: LearnerPlan;
    arithmetic(msp: Msp): Arithmetic;
    variant: Variant;
    /** What a hospital does that no honest one does. */
    attack(msp: Msp): Attack | undefined;
    /** Patients of each hospital. */
    patients: number;
    watch: HospitalWatch;
  }>;

export interface HospitalWatch {
  news(msp: Msp, news: AgentNews): void;
  vectorShown(msp: Msp, round: number, digest: Digest): void;
  begun(msp: Msp, task: VectorTask, signal: AbortSignal | undefined): () => void;
  made(msp: Msp, task: VectorTask, made: VectorMade): void;
  complaint(msp: Msp, level: 'warn' | 'error', fields: Readonly<Record<string, unknown>>, message: string): void;
  started(msp: Msp): void;
  /** Its mirror has taken in a block. */
  mirrored(msp: Msp): void;
}

type Running = Reachable &
  Readonly<{
    agent: Agent;
    channels: readonly AgentChannel[];
    ports: AgentPorts;
    consent: SimulatedConsentDesk;
    outbox: ConsentOutbox;
  }>;

export type Backup = Readonly<{ database: Database; height: number }>;

export class Hospital {
  readonly msp: Msp;
  readonly disk: Disk;
  readonly records: ConsentRecords;
  readonly secrets: SimulatedSecrets;
  /** How far the mirror is behind the peer, on top of what is usual. */
  mirrorLagMs = 0;
  readonly #parts: HospitalParts;
  #mirror = new Mirror();
  #running: Running | undefined;
  #isMirroring = false;

  constructor(msp: Msp, parts: HospitalParts) {
    this.msp = msp;
    this.#parts = parts;
    this.disk = new Disk(msp, parts.random);
    this.secrets = new SimulatedSecrets(parts.random);
    this.records = new ConsentRecords(msp, parts.random, parts.patients);
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get agent(): Agent | undefined {
    return this.#running?.agent;
  }

  get reachable(): Reachable | undefined {
    return this.#running;
  }

  /** Starts the gateway: its mirror catches up with its peer, then the agent begins. */
  start(): void {
    if (this.#running) return;
    const { scheduler, random, network, variant } = this.#parts;
    const process = new Incarnation(scheduler);
    const running = this.#build(process);
    this.#running = running;
    const begin = () => {
      this.#parts.watch.started(this.msp);
      running.agent.start();
      void running.outbox.send();
    };
    process.after(random.between(20, 300), () => {
      if (variant.startsBeforeCatchingUp) this.#follow();
      else this.#catchUp(network.peer(this.msp).height);
      begin();
    });
  }

  /** Kill -9, or the power goes. */
  crash(): void {
    this.#running?.process.kill();
    this.#running = undefined;
    this.records.attach(undefined);
    this.#isMirroring = false;
    this.#mirror.forgetListeners();
    this.disk.crash();
  }

  /** Whether a patient may be used, by this hospital's store, mirror and clock, so many milliseconds ago. */
  mayUse(patient: string, msAgo: number): boolean {
    const { scheduler, network } = this.#parts;
    const wall = EPOCH_MS + scheduler.now + network.peer(this.msp).clockOffsetMs;
    return this.records.mayUse(patient, this.#mirror, wall - msAgo);
  }

  /** What a backup holds: the database, and with it the mirror as it was. */
  backup(): Backup {
    return { database: this.disk.backup(), height: this.#mirror.height() };
  }

  /** Puts the database of an earlier day in the place of today's. */
  restore({ database, height }: Backup): void {
    this.disk.restore(database);
    this.#mirror = new Mirror();
    this.#catchUp(height);
  }

  /** The operator has a round recomputed. */
  async verify(study: StudyId, round: number): Promise<RoundVerification | undefined> {
    const running = this.#running;
    if (!running) return undefined;
    const honest = { ...running.ports, arithmetic: this.#parts.variant.arithmetic };
    const desk = new VerifyDesk(honest, { msp: this.msp, channel: CHANNEL });
    return running.process.guard(desk.verify(study, round));
  }

  /** The own peer has taken in a block: the mirror follows. */
  delivered(): void {
    this.#poke();
    this.#follow();
  }

  #follow(): void {
    const { network, random } = this.#parts;
    const running = this.#running;
    if (!running || this.#isMirroring || this.#mirror.height() >= network.peer(this.msp).height) return;
    this.#isMirroring = true;
    running.process.after(random.between(0, 4) + this.mirrorLagMs, () => {
      this.#isMirroring = false;
      this.#catchUp(this.#mirror.height() + 1);
      this.#follow();
    });
  }

  #catchUp(height: number): void {
    while (this.#mirror.height() < height) {
      const block = this.#parts.network.blocks[this.#mirror.height()];
      if (!block) break;
      this.#mirror.take(block);
      if (this.#running) this.#parts.watch.mirrored(this.msp);
    }
    this.#poke();
  }

  #poke(): void {
    for (const channel of this.#running?.channels ?? []) channel.poke();
  }

  #build(process: Incarnation): Running {
    const { msp, disk } = this;
    const parts = this.#parts;
    const { scheduler, network, exchange, random, learning, watch, variant } = parts;
    const offset = () => network.peer(msp).clockOffsetMs;
    const clock = { now: () => EPOCH_MS + scheduler.now + offset(), monotonic: () => scheduler.now };
    const channel = new AgentChannel(parts, msp, process, this.#mirror, offset);
    const steward = new AgentChannel(parts, msp, process, this.#mirror, offset, 'data-steward');
    const consent = new SimulatedConsentDesk(this.records, this.#mirror, clock, process, random);
    const outbox = new ConsentOutbox(this.records, steward, this.#mirror, clock, process, random);
    this.records.attach({ restricted: () => consent.restricted(), queued: () => void outbox.send() });
    const log = logOf(msp, watch);
    const ports: AgentPorts = {
      state: this.#mirror,
      channel,
      blobs: disk.blobs(process),
      exchange: exchange.exchangeOf(msp, process, (round, digest) => watch.vectorShown(msp, round, digest)),
      receiptKeys: disk.receiptKeys(),
      secrets: this.secrets.of(process),
      sealing: plainSealing,
      journal: disk.journal(),
      personal: disk.personal(),
      patients: { patients: async () => new Map(this.records.patients.map((patient) => [patient, 'train'])) },
      consent,
      learner: new SimulatedLearner(msp, process, random, learning, watch),
      arithmetic: parts.arithmetic(msp),
      clock,
      timers: { after: (ms, callback) => process.after(ms, callback) },
      log,
      news: { publish: (news) => watch.news(msp, news) },
    };
    const attack = parts.attack(msp);
    const played = attack ? attackingPorts(ports, attack) : ports;
    const changed = variant.ports?.(msp, played) ?? played;
    const identity = { msp, channel: CHANNEL };
    const agent = new Agent(changed, identity);
    return {
      process,
      agent,
      channels: [channel, steward],
      consent,
      outbox,
      ports: changed,
      files: attack && isWithholding(attack) ? { file: () => undefined } : disk,
      desk: new ReceiptDesk(variant.deskPorts?.(changed) ?? changed, identity),
    };
  }
}

function logOf(msp: Msp, watch: HospitalWatch): Log {
  return {
    info: () => undefined,
    warn: (fields, message) => watch.complaint(msp, 'warn', fields, message),
    error: (fields, message) => watch.complaint(msp, 'error', fields, message),
  };
}
