/**
 * One run: every hospital's real agent over a simulated channel, network, disks and clock, all of it drawn from one seed.
 * The run ends when the study has ended, or with the first property that does not hold.
 */
import {
  asksForStatistics,
  type Close,
  type Command,
  type ConsiliumError,
  type ModelVersion,
  type Msp,
  majority,
  type Round,
  type TransactionName,
  tenDigits,
} from '@consilium/domain';
import { digestOf } from '../../gateway/src/agent/digestOf.js';
import type { AgentNews, Arithmetic, VectorMade, VectorTask } from '../../gateway/src/agent/ports.js';
import { isOver, type RoundView } from '../../gateway/src/agent/studyView.js';
import { whatFollows } from '../../gateway/src/agent/whatFollows.js';
import { ChannelNetwork, EPOCH_MS } from './channelNetwork.js';
import type { ConsentFault } from './consentFaults.js';
import { ConsentProperties } from './consentProperties.js';
import { dishonestArithmetic, type Lie } from './dishonestArithmetic.js';
import { ExchangeNetwork } from './exchangeNetwork.js';
import type { Fault } from './faults.js';
import { type Backup, Hospital, type HospitalWatch } from './hospital.js';
import { People } from './people.js';
import { PlayedDropouts } from './playedDropouts.js';
import { PrivateProperties } from './privateProperties.js';
import { Properties, requireTimesAddUp } from './properties.js';
import { Random } from './random.js';
import { type Scenario, scenarioOf, type Theme } from './scenario.js';
import { Scheduler } from './scheduler.js';
import { STUDY } from './studyName.js';
import { TransactionFaults } from './transactionFaults.js';
import { REAL, type Variant } from './variant.js';
import { Violation } from './violation.js';

/** Once nothing goes wrong any more, a study ends within this time: every phase of every round may run to its deadline. */
const LIVENESS_MS_MAX = 3_600_000;
/** After the end, what is still under way is let finish. */
const DRAIN_MS = 4_000;
/** Where patients withdraw, what follows of it is waited for too: a report that was lost is sent again after a while. */
const CONSENT_DRAIN_MS = 60_000;
/** Secrets are destroyed at the latest when an agent next looks of itself. */
const PRIVATE_DRAIN_MS = 20_000;
const NEWS_AT_ONCE_MAX = 1_000;
const EVENTS_MAX = 100_000;
/** Whoever wants to withdraw while the gateway is down comes again. */
const AWAY_MS = 300;
const OPERATOR_MS_MAX = 8_000;
/** A round that has not got beyond joining by then is stuck. */
const STUCK_MS = 300_000;

export type RunOutcome = Readonly<{
  seed: number;
  scenario: Scenario;
  /** The property that did not hold. */
  violation: string | undefined;
  trace: readonly string[];
  events: number;
  /** Virtual milliseconds that the run took. */
  endedAt: number;
  rounds: number;
  ended: string;
  /** How often what came about: so that what is explored can be told. */
  met: ReadonlyMap<string, number>;
}>;

export async function simulate(seed: number, variant: Variant = REAL, theme: Theme = 'any'): Promise<RunOutcome> {
  const run = new Run(seed, variant, theme);
  return run.toTheEnd();
}

class Run {
  readonly #seed: number;
  readonly #random: Random;
  readonly #scheduler = new Scheduler();
  readonly #scenario: Scenario;
  readonly #network: ChannelNetwork;
  readonly #exchange: ExchangeNetwork;
  readonly #transactionFaults: TransactionFaults;
  readonly #people: People;
  readonly #properties: Properties;
  readonly #masked: PrivateProperties;
  readonly #patients: ConsentProperties;
  readonly #dropouts: PlayedDropouts;
  readonly #hospitals: ReadonlyMap<Msp, Hospital>;
  readonly #trace: string[] = [];
  readonly #met = new Map<string, number>();
  readonly #backups = new Map<Fault, Backup>();
  readonly #counts = new Map<string, number>();
  /** Hospitals that are not to be started before this time. */
  readonly #downUntil = new Map<Msp, number>();
  /** Versions of each hospital's policy. */
  readonly #policies = new Map<Msp, number>();
  readonly #verifying = new Set<string>();
  /** Rounds that people watch to see whether enough hospitals join. */
  readonly #watched = new Set<number>();
  #violation: string | undefined;
  #newsAt = { now: 0, count: 0 };
  #isOver = false;
  #blocksSeen = 0;
  #events = 0;
  #areFaultsOver = false;
  /** When the study was agreed upon: times of faults count from here. */
  #began = 0;

  constructor(seed: number, variant: Variant, theme: Theme) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#scenario = scenarioOf(this.#random, theme, seed);
    const { protocol, trainingMs, isUnseeded, faults, isHealthy, consent, dropouts, attack } = this.#scenario;
    const { members } = protocol;
    const [scheduler, random] = [this.#scheduler, this.#random];
    this.#transactionFaults = new TransactionFaults(random);
    this.#network = new ChannelNetwork(scheduler, random, members, variant.channel);
    this.#exchange = new ExchangeNetwork(scheduler, random, (msp) => this.#hospital(msp).reachable);
    this.#people = new People(this.#network, scheduler, random);
    const lieOf = (msp: Msp, round: number) => lie(faults, msp, round);
    const isAttacker = (msp: Msp, round: number) => attack?.by === msp && attack.rounds.includes(round);
    this.#properties = new Properties({
      honest: variant.arithmetic,
      isHealthy,
      isAttacker,
      isDishonest: (msp, round) => lieOf(msp, round) !== undefined,
      holds: (msp, digest) => this.#hospital(msp).disk.holds(digest),
      hasJournaled: (msp, round, name) => this.#hospital(msp).disk.journaled(STUDY, round, name) !== undefined,
    });
    this.#masked = new PrivateProperties({
      study: () => this.#properties.study,
      isAttacker,
      kept: (msp) => this.#hospital(msp).secrets.content(),
    });
    this.#dropouts = new PlayedDropouts(dropouts, {
      round: (number) => this.#properties.round(number),
      takeDown: (msp, isWhole) => this.#takeDown(msp, Number.POSITIVE_INFINITY, isWhole),
      comeBack: (msp, loses) => this.#comeBack(msp, loses),
      after: (ms, run) => this.#scheduler.after(ms, () => this.#checked(run)),
      waited: () => this.#meet('waited while unmasking'),
    });
    this.#patients = new ConsentProperties({
      members,
      records: (msp) => this.#hospital(msp).records,
      mayUse: (msp, patient, msAgo) => this.#hospital(msp).mayUse(patient, msAgo),
      isOnDisk: (msp, digest) => this.#hospital(msp).disk.holds(digest),
      head: this.#properties.head,
    });
    const arithmetics = new Map(
      members.map((msp) => [msp, dishonestArithmetic(variant.arithmetic, (round) => lieOf(msp, round))]),
    );
    let transactions = 0;
    const parts = {
      network: this.#network,
      scheduler,
      random,
      faults: this.#transactionFaults,
      nextTransactionId: () => `tx-${transactions++}`,
      sent: (msp: Msp, name: TransactionName, command: unknown) => this.#sent(msp, name, command),
      ordered: (msp: Msp, name: TransactionName, command: unknown) =>
        this.#checked(() => this.#patients.ordered(msp, name, command)),
      patients: consent?.plan.patients ?? 0,
      exchange: this.#exchange,
      learning: {
        worsened: new Set(faults.flatMap((fault) => (fault.kind === 'worsened' ? fault.round : []))),
        weightless: new Set(faults.flatMap((fault) => (fault.kind === 'weightless' ? fault.round : []))),
        isUnseeded,
        trainingMs,
        failures: new Map(
          faults.flatMap((fault) => (fault.kind === 'training-fails' ? [[fault.msp, fault.times]] : [])),
        ),
      },
      arithmetic: (msp: Msp) => arithmetics.get(msp) as Arithmetic,
      variant,
      attack: (msp: Msp) => (attack?.by === msp ? attack : undefined),
      watch: this.#watch(),
    };
    this.#hospitals = new Map(members.map((msp) => [msp, new Hospital(msp, parts)]));
    this.#network.onBlock((block) => this.#checked(() => this.#patients.block(block)));
    this.#network.onBlock((block) => this.#checked(() => this.#properties.block(block)));
    this.#network.onBlock(({ writes }) => this.#checked(() => this.#masked.block(writes)));
    this.#network.onBlock(() => this.#checked(() => this.#dropouts.block()));
    this.#network.onBlock((block) => {
      for (const { code } of block.transactions) if (code !== 'VALID') this.#meet(code);
      for (const { key, value } of block.writes) {
        if (key.startsWith('close~'))
          this.#meet(`close ${(value as Close).phase} ${(value as Close).abort ?? ''}`.trim());
        if (key.startsWith('model~')) this.#meet(`version ${(value as ModelVersion).status}`);
        if (key.startsWith('round~')) this.#meet(`round ${(value as Round).kind}`);
      }
    });
    this.#network.onBlock((block) => this.#tell(`block ${block.number}`, block.writes.map(({ key }) => key).join(' ')));
    this.#network.onDelivery((msp) => this.#hospital(msp).delivered());
  }

  async toTheEnd(): Promise<RunOutcome> {
    await this.#begin();
    const faultsEnd = this.#began + this.#scenario.faultsEnd;
    let endsAt = faultsEnd + LIVENESS_MS_MAX;
    while (!this.#violation && this.#scheduler.now <= endsAt && (await this.#step())) {
      if (this.#isOver || this.#blocksSeen === this.#network.blocks.length) continue;
      this.#blocksSeen = this.#network.blocks.length;
      this.#play();
      if (!this.#hasEnded()) continue;
      this.#isOver = true;
      endsAt = this.#quietFrom(faultsEnd);
    }
    if (!this.#isOver) this.#violation ??= `the study has not ended ${LIVENESS_MS_MAX} ms after the last fault`;
    if (this.#scenario.isHealthy && !this.#violation) this.#checked(() => this.#requireFlawless());
    const up = [...this.#hospitals.values()].filter(({ isRunning }) => isRunning).map(({ msp }) => msp);
    if (this.#scenario.consent && !this.#violation) this.#checked(() => this.#patients.end(up, CONSENT_DRAIN_MS));
    if (!this.#violation) this.#checked(() => this.#dropouts.requireCompleted());
    if (!this.#violation) this.#checked(() => this.#masked.requireAllForgotten(up));
    return this.#outcome();
  }

  /** When all that follows of a study's end has happened; in private mode also at hospitals that come back after it. */
  #quietFrom(faultsEnd: number): number {
    const { consent, protocol } = this.#scenario;
    const { now } = this.#scheduler;
    if (protocol.mode === 'private') return Math.max(now, faultsEnd) + PRIVATE_DRAIN_MS;
    return now + (consent ? CONSENT_DRAIN_MS : DRAIN_MS);
  }

  /** The hospitals agree on a study, then things begin to go wrong. Some gateways are up before, some only now. */
  async #begin(): Promise<void> {
    const { protocol, faults, faultsEnd, consent } = this.#scenario;
    const absent = new Set(faults.flatMap((fault) => (fault.kind === 'absent' ? fault.msp : [])));
    for (const msp of protocol.members)
      if (!absent.has(msp)) this.#scheduler.after(this.#random.between(0, 500), () => this.#start(msp));
    let isAgreed = false;
    const records = [...this.#hospitals.values()].map((hospital) => hospital.records);
    const agreed = consent ? this.#people.beginConsents(records, consent.plan.firstValidMs) : Promise.resolve();
    void agreed
      .then(() => this.#people.beginStudy(protocol))
      .then(() => {
        isAgreed = true;
      });
    while (!isAgreed && (await this.#step()));
    this.#began = this.#scheduler.now;
    for (const fault of faults) this.#arrange(fault);
    for (const fault of consent?.faults ?? []) this.#arrangeConsent(fault);
    this.#scheduler.after(faultsEnd, () => this.#repair());
  }

  async #step(): Promise<boolean> {
    this.#events += 1;
    if (this.#events > EVENTS_MAX) this.#violation ??= `more than ${EVENTS_MAX} events`;
    return this.#scheduler.step();
  }

  #outcome(): RunOutcome {
    const newest = this.#properties.study?.newest;
    return {
      seed: this.#seed,
      scenario: this.#scenario,
      violation: this.#violation,
      trace: this.#trace,
      events: this.#events,
      endedAt: this.#scheduler.now,
      rounds: (newest?.number ?? -1) + 1,
      ended: newest ? `${newest.facts.round.kind} ${newest.state.stage}` : 'before the first round',
      met: this.#met,
    };
  }

  #arrange(fault: Fault): void {
    const after = (at: number, run: () => void) => this.#scheduler.after(at, run);
    switch (fault.kind) {
      case 'crash':
      case 'crash-at-step': {
        const { backupAt, msp } = fault;
        if (msp === undefined) return;
        if (backupAt !== undefined) after(backupAt, () => this.#backups.set(fault, this.#hospital(msp).backup()));
        if (fault.kind === 'crash') after(fault.at, () => this.#crash(fault, msp));
        return;
      }
      case 'secrets-lost':
        after(fault.at, () => this.#loseSecrets(fault.msp, fault.downMs));
        return;
      case 'absent':
        this.#takeDown(fault.msp, this.#scheduler.now + fault.until, fault.isWhole);
        return;
      case 'lag':
        after(fault.from, () => {
          this.#network.peer(fault.msp).lagMs = fault.peerMs;
          this.#hospital(fault.msp).mirrorLagMs = fault.mirrorMs;
        });
        after(fault.until, () => {
          this.#network.peer(fault.msp).lagMs = 0;
          this.#hospital(fault.msp).mirrorLagMs = 0;
        });
        return;
      case 'clock':
        after(fault.from, () => {
          this.#network.peer(fault.msp).clockOffsetMs = fault.offsetMs;
        });
        after(fault.until, () => {
          this.#network.peer(fault.msp).clockOffsetMs = 0;
        });
        return;
      case 'drops':
        this.#exchange.drop(this.#sinceBegun(fault), fault.rate);
        return;
      case 'cut':
        this.#exchange.cut(this.#sinceBegun(fault), fault.between);
        return;
      case 'transactions': {
        const { from, until } = this.#sinceBegun(fault);
        this.#transactionFaults.add(from, until, fault.rate);
        return;
      }
      case 'vote':
        after(fault.at, () => this.#voteOn(fault.on));
        return;
      default:
    }
  }

  #arrangeConsent(fault: ConsentFault): void {
    const after = (at: number, run: () => void) => this.#scheduler.after(at, run);
    switch (fault.kind) {
      case 'withdraw':
        after(fault.at, () => this.#withdraw(fault));
        return;
      case 'grant':
        after(fault.at, () => this.#grant(fault));
        return;
      case 'policy':
        after(fault.at, () => {
          const version = (this.#policies.get(fault.msp) ?? 1) + 1;
          this.#policies.set(fault.msp, version);
          this.#meet('stricter policy');
          this.#people.publishPolicy(fault.msp, version);
        });
        return;
      case 'unreachable':
        after(fault.from, () => {
          this.#meet('channel unreachable');
          this.#network.setUp(fault.msp, false);
        });
        after(fault.until, () => {
          if (this.#hospital(fault.msp).isRunning) this.#network.setUp(fault.msp, true);
        });
        return;
      default:
    }
  }

  /** Whoever may be used at the moment, some of them, or all. The hospital's own desk is staffed while its gateway runs. */
  #withdraw({ msp, count, by }: Extract<ConsentFault, { kind: 'withdraw' | 'withdraw-at-step' }>): void {
    const hospital = this.#hospital(msp);
    if (this.#areFaultsOver || this.#isOver) return;
    const usable = hospital.records.patients.filter((patient) => hospital.mayUse(patient, 0));
    const leaving = this.#random.shuffled(usable).slice(0, count);
    if (by === 'hospital' && !hospital.isRunning) {
      this.#scheduler.after(AWAY_MS, () => this.#withdraw({ kind: 'withdraw', at: 0, msp, count, by }));
      return;
    }
    for (const patient of leaving) {
      this.#tell(msp, `${patient} withdraws at the ${by}`);
      this.#meet(`withdrawal at the ${by}`);
      if (by === 'channel') {
        this.#people.withdrawOnChannel(hospital.records, patient, this.#properties.head);
        continue;
      }
      hospital.records.say(patient, { kind: 'withdraw', validTo: null, at: EPOCH_MS + this.#scheduler.now });
      this.#checked(() => this.#patients.becameLess(msp));
    }
  }

  /** One who may not be used at the moment consents, if there is one. */
  #grant({ msp, validMs }: Extract<ConsentFault, { kind: 'grant' }>): void {
    const hospital = this.#hospital(msp);
    const patient = hospital.records.patients.find((candidate) => !hospital.mayUse(candidate, 0));
    if (patient === undefined || !hospital.isRunning || this.#areFaultsOver) return;
    const at = EPOCH_MS + this.#scheduler.now;
    this.#tell(msp, `${patient} consents${validMs === null ? '' : ` for ${validMs} ms`}`);
    this.#meet('consent given again');
    hospital.records.say(patient, { kind: 'grant', validTo: validMs === null ? null : at + validMs, at });
  }

  #sinceBegun({ from, until }: { from: number; until: number }): { from: number; until: number } {
    return { from: this.#began + from, until: this.#began + until };
  }

  /** Kills a hospital's gateway, and starts it again later; those who are gone for good stay down once faults end. */
  #crash(fault: Extract<Fault, { kind: 'crash' | 'crash-at-step' }>, msp: Msp): void {
    const hospital = this.#hospital(msp);
    if (!hospital.isRunning) return;
    this.#meet(fault.kind === 'crash' ? 'crash' : `crash at ${fault.step}`);
    this.#takeDown(msp, this.#scheduler.now + fault.downMs, fault.isWhole);
    const backup = this.#backups.get(fault);
    if (!backup) return;
    this.#tell(msp, 'is restored from a backup');
    this.#meet('restore');
    hospital.restore(backup);
    this.#properties.restored(msp);
    this.#patients.restored(msp);
  }

  #loseSecrets(msp: Msp, downMs: number): void {
    const hospital = this.#hospital(msp);
    if (!hospital.isRunning) return;
    this.#tell(msp, 'loses its round secrets');
    this.#meet('round secrets lost');
    this.#takeDown(msp, this.#scheduler.now + downMs, false);
    hospital.secrets.lose();
    this.#properties.lostSecrets(msp);
  }

  #takeDown(msp: Msp, until: number, isWhole: boolean): void {
    this.#tell(msp, `down until ${until}${isWhole ? ', its peer too' : ''}`);
    this.#kill(msp);
    if (isWhole) this.#network.setUp(msp, false);
    const latest = Math.max(until, this.#downUntil.get(msp) ?? 0);
    this.#downUntil.set(msp, latest);
    if (Number.isFinite(latest)) this.#scheduler.after(latest - this.#scheduler.now, () => this.#start(msp));
  }

  #comeBack(msp: Msp, loses: boolean): void {
    this.#downUntil.delete(msp);
    this.#meet(loses ? 'came back without its secrets' : 'came back');
    if (loses) this.#hospital(msp).secrets.lose();
    this.#start(msp);
  }

  #kill(msp: Msp): void {
    this.#hospital(msp).crash();
    this.#patients.crashed(msp);
  }

  #start(msp: Msp): void {
    if (this.#scheduler.now < (this.#downUntil.get(msp) ?? 0)) return;
    const isGone = this.#scenario.gone.includes(msp) && this.#areFaultsOver;
    if (isGone || this.#hospital(msp).isRunning) return;
    this.#tell(msp, 'starts');
    this.#network.setUp(msp, true);
    this.#hospital(msp).start();
  }

  /** Faults end: some hospitals are gone for good, all others are up. */
  #repair(): void {
    const { gone, protocol } = this.#scenario;
    this.#areFaultsOver = true;
    this.#tell('faults', `end; gone: ${gone.join(' ') || 'nobody'}`);
    this.#downUntil.clear();
    for (const msp of gone) {
      this.#kill(msp);
      this.#network.setUp(msp, false);
    }
    for (const msp of protocol.members) this.#start(msp);
  }

  #voteOn(what: Extract<Fault, { kind: 'vote' }>['on']): void {
    const newest = this.#properties.study?.newest;
    const number = newest?.number ?? 0;
    const base = newest?.facts.round.base?.version ?? 0;
    const subject = { end: 'end', abort: `abort~${tenDigits(number)}`, finish: `finish~${tenDigits(number + 1)}` };
    const chosen = what === 'veto' ? `veto~${tenDigits(base)}` : subject[what];
    this.#tell('people', `vote ${chosen}`);
    this.#people.vote(this.#scenario.protocol.members, chosen);
  }

  /** What people do of themselves: they vote to go on after a pause, and verify what their hospital disputes. */
  #play(): void {
    const view = this.#properties.study;
    if (!view?.newest) return;
    const following = whatFollows(view);
    if (following.kind === 'pause') {
      this.#meet('pause');
      this.#tell('people', `vote to resume at ${view.newest.number + 1}`);
      this.#people.vote(this.#scenario.protocol.members, `resume~${tenDigits(view.newest.number + 1)}`);
    }
    const { abort } = view.newest.state;
    if (abort?.reason === 'DIFFERENCING') this.#goOn(view.newest);
    if (abort?.reason === 'BAD_DEALER' || abort?.reason === 'UNOPENED') this.#meet(`named ${abort.reason}`);
    if (isOver(view.newest) && following.kind === 'nothing') this.#finish(view.newest);
    if (view.newest.state.stage === 'joining') this.#watchJoining(view.newest.number);
    for (const hospital of this.#hospitals.values())
      for (const round of this.#properties.disputesOf(hospital.msp)) this.#verifyLater(hospital, round);
  }

  /**
   * Over this base no other survivors can be opened: members wait for the hospital that is missing, agree with it that it is
   * left out, or finish with what they have, by the evaluation of another kind.
   */
  #goOn({ number, facts, state }: RoundView): void {
    const { wayOn, protocol } = this.#scenario;
    const { sameSurvivorsAs } = facts.round;
    this.#meet(`${wayOn} after differencing`);
    if (wayOn === 'finish') this.#finish({ number, facts });
    if (wayOn !== 'unmask') return;
    const missing = (sameSurvivorsAs?.survivors ?? []).filter((msp) => !state.survivors?.includes(msp));
    for (const msp of missing) {
      const subject = `unmask~${tenDigits(sameSurvivorsAs?.round ?? 0)}~${msp}`;
      this.#tell('people', `vote ${subject}`);
      this.#people.vote(protocol.members, subject);
    }
  }

  /** Evaluation rounds are compared with evaluation rounds alone; before a model was trained there is nothing to evaluate. */
  #finish({ number, facts }: Pick<RoundView, 'number' | 'facts'>): void {
    const subject = facts.round.kind === 'training' ? `finish~${tenDigits(number + 1)}` : 'end';
    this.#tell('people', `vote ${subject}`);
    this.#people.vote(this.#scenario.protocol.members, subject);
  }

  /**
   * A round waits for those that it was opened for, however long. Where too few of them are left, while others have
   * registered since, members vote to abort it.
   */
  #watchJoining(round: number): void {
    if (this.#watched.has(round)) return;
    this.#watched.add(round);
    this.#scheduler.after(STUCK_MS, () => {
      const newest = this.#properties.study?.newest;
      if (newest?.number !== round || newest.state.stage !== 'joining') return;
      this.#tell('people', `vote to abort round ${round}: nobody else joins`);
      this.#people.vote(this.#scenario.protocol.members, `abort~${tenDigits(round)}`);
    });
  }

  /** The operator gets to it some time, and asks again if it could not be done. */
  #verifyLater(hospital: Hospital, round: number): void {
    const key = `${hospital.msp} ${round}`;
    if (this.#verifying.has(key)) return;
    this.#verifying.add(key);
    this.#scheduler.after(this.#random.between(500, OPERATOR_MS_MAX), () => {
      this.#verifying.delete(key);
      if (!hospital.isRunning) return this.#verifyLater(hospital, round);
      void hospital.verify(STUDY, round).then(
        (found) => {
          this.#tell(hospital.msp, `verified round ${round}: ${found?.ok}, dispute lifted ${found?.disputeLifted}`);
          if (found?.disputeLifted) this.#meet('dispute lifted');
          if (found?.disputeLifted) this.#properties.lifted(hospital.msp, round);
          else this.#verifyLater(hospital, round);
        },
        (error: unknown) => {
          this.#tell(hospital.msp, `could not verify round ${round}: ${String(error)}`);
          this.#verifyLater(hospital, round);
        },
      );
    });
  }

  #hasEnded(): boolean {
    const view = this.#properties.study;
    if (!view) return false;
    const following = whatFollows(view);
    return following.kind === 'end' && following.unrecorded === undefined;
  }

  #requireFlawless(): void {
    const { protocol } = this.#scenario;
    const rounds = 1 + (asksForStatistics(protocol) ? 1 : 0) + protocol.trainingRounds + 1;
    this.#properties.requireFlawless(rounds);
    const agents = [...this.#hospitals.values()].flatMap(({ agent }) => agent ?? []);
    for (let round = 0; round < rounds; round += 1)
      requireTimesAddUp(
        round,
        agents.flatMap((agent) => agent.timings(STUDY, round) ?? []),
        majority(protocol),
      );
  }

  #watch(): HospitalWatch {
    return {
      news: (msp, news) => this.#news(msp, news),
      vectorShown: (msp, round, digest) =>
        this.#checked(() => {
          this.#patients.shown(msp, round, digest);
          this.#properties.vectorShown(msp, round, digest);
          this.#masked.vectorShown(msp, round);
        }),
      begun: (msp, task, signal) => {
        let ended = (): void => undefined;
        this.#checked(() => {
          ended = this.#patients.begun(msp, task, signal);
        });
        return () => {
          if ((signal?.reason as Partial<ConsiliumError>)?.code === 'CONSENT_WITHDRAWN')
            this.#meet('training ended by a withdrawal');
          ended();
        };
      },
      made: (msp, task, made) => this.#checked(() => this.#made(msp, task, made)),
      mirrored: (msp) => this.#checked(() => this.#patients.becameLess(msp)),
      started: (msp) => {
        const { ledger } = this.#network;
        const { height } = this.#network.peer(msp);
        const isForgotten = this.#properties.started(msp, (key) => ledger.read(key, height) !== undefined);
        if (isForgotten) this.#meet('own join forgotten');
      },
      complaint: (msp, level, fields, message) => {
        this.#tell(msp, `${message}: ${fields.step ?? ''} ${fields.reason ?? ''}`);
        this.#meet(`${message} ${fields.code ?? ''}`);
        const isAttacker = this.#scenario.attack?.by === msp;
        const isExpected = !this.#scenario.isHealthy && level === 'warn' && (isAttacker || fields.code !== 'INTERNAL');
        if (!isExpected) this.#violation ??= `${msp} complains: ${message}: ${String(fields.reason)}`;
      },
    };
  }

  #news(msp: Msp, { event, step, round, detail }: AgentNews): void {
    this.#requireTimePasses(msp, step);
    const code = String(detail?.code ?? '');
    if (event === 'step-failed' && code.startsWith('CONSENT_')) this.#meet(`${step} ${code}`);
    this.#tell(msp, `${event} ${step} ${round}`);
    const [own, anybody] = [`${msp} ${event} ${step}`, `${event} ${step}`];
    for (const key of [own, anybody]) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (this.#areFaultsOver) return;
    for (const fault of this.#scenario.consent?.faults ?? []) {
      if (fault.kind !== 'withdraw-at-step' || fault.msp !== msp || fault.step !== step || fault.event !== event)
        continue;
      if (fault.nth !== this.#counts.get(own)) continue;
      this.#meet(`withdrawal at ${step}`);
      this.#scheduler.after(fault.afterMs, () => this.#withdraw(fault));
    }
    for (const fault of this.#scenario.faults) {
      if (fault.kind !== 'crash-at-step' || fault.step !== step || fault.event !== event) continue;
      const isMeant = fault.msp === undefined || fault.msp === msp;
      const count = this.#counts.get(fault.msp === undefined ? anybody : own);
      if (isMeant && fault.nth === count) this.#scheduler.after(fault.afterMs, () => this.#crash(fault, msp));
    }
  }

  /** An agent that goes round and round would never let time go on: it is stopped by what it tells. */
  #requireTimePasses(msp: Msp, step: string): void {
    const { now } = this.#scheduler;
    this.#newsAt = { now, count: this.#newsAt.now === now ? this.#newsAt.count + 1 : 0 };
    if (this.#newsAt.count <= NEWS_AT_ONCE_MAX) return;
    this.#violation ??= `${msp} takes step ${step} again and again, and no time passes`;
    throw new Violation(this.#violation);
  }

  #made(msp: Msp, task: VectorTask, made: VectorMade): void {
    this.#patients.made(msp, task, digestOf(Buffer.from(made.vector.buffer)));
    this.#properties.made(msp, task, made);
  }

  #sent(msp: Msp, name: TransactionName, command: unknown): void {
    this.#checked(() => this.#properties.sent(msp, name, command));
    if (name === 'RoundContract:reveal')
      this.#checked(() => this.#masked.revealed(msp, command as Command<'RoundContract:reveal'>));
  }

  /** An agent must not be able to swallow what it did wrong. */
  #checked(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#violation ??= error.message;
    }
  }

  #hospital(msp: Msp): Hospital {
    const hospital = this.#hospitals.get(msp);
    if (!hospital) throw new RangeError(`no hospital ${msp}`);
    return hospital;
  }

  #meet(what: string): void {
    this.#met.set(what, (this.#met.get(what) ?? 0) + 1);
  }

  #tell(who: string, what: string): void {
    this.#trace.push(`${String(this.#scheduler.now).padStart(8)} ${who}: ${what}`);
  }
}

function lie(faults: readonly Fault[], msp: Msp, round: number): Lie | undefined {
  for (const fault of faults)
    if (fault.kind === 'dishonest' && fault.msp === msp && fault.round === round)
      return { text: fault.lie, about: fault.about };
  return undefined;
}
