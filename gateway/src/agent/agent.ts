/**
 * A hospital's agent: at every change of the ledger, and when time has made something due, it asks what it owes and does
 * it. Everything it must remember is on the ledger, on its disk or in its journal, so it can be killed at any instant.
 */
import { CLOSE_STAGGER_MS, ConsiliumError, type HospitalTimings, type StudyId } from '@consilium/domain';
import type { AgentIdentity, AgentPorts } from './agentPorts.js';
import { cohortStanding, isConsentReason } from './cohortStanding.js';
import { DiskKnowledge } from './diskKnowledge.js';
import { Disputes } from './disputes.js';
import type { Knowledge } from './knowledge.js';
import { owedSteps } from './owedSteps.js';
import { OwnReceipts } from './ownReceipts.js';
import { performStep } from './performStep.js';
import type { AgentNews, FailureBook, StepFailure, TimingsBook } from './ports.js';
import { Retries } from './retries.js';
import { journaledAbstention } from './roundJournal.js';
import { RoundTimings } from './roundTimings.js';
import { SecretKnowledge } from './secretKnowledge.js';
import { SharedReads } from './sharedReads.js';
import { type Step, type StepName, stepKey } from './step.js';
import { StepFailures } from './stepFailures.js';
import { StudyReader } from './studyReader.js';
import { isOver, type StudyView } from './studyView.js';

/** A rank waits at least this many of the hospital's recent commit times. */
const STAGGER_COMMITS = 3;
/** After an error that no step of its own made, the ledger is looked at again. */
const LOOK_AGAIN_MS = 1_000;
/** It looks this often even if nothing is known to have changed: an operator's `verify` writes to the journal alone. */
const LOOK_MS_MAX = 5_000;
/** Steps that are given up when they are not owed any more; the others end by themselves. */
const GIVEN_UP: readonly StepName[] = ['makeVector', 'fetchVersion', 'aggregate'];
/** Steps that remove files. */
const REMOVING: readonly StepName[] = ['sitOut', 'forgetVector'];

export class Agent implements TimingsBook, FailureBook {
  readonly #ports: AgentPorts;
  readonly #identity: AgentIdentity;
  readonly #reader: StudyReader;
  readonly #disk: DiskKnowledge;
  readonly #secrets: SecretKnowledge;
  readonly #disputes: Disputes;
  readonly #receipts = new OwnReceipts();
  readonly #reads: SharedReads;
  readonly #retries = new Retries();
  readonly #failures = new StepFailures();
  readonly #timings: RoundTimings;
  readonly #running = new Map<string, { step: Step; stop: AbortController; done: Promise<void> }>();
  /** Steps whose transaction is committed: the block that the mirror has yet to take in. */
  readonly #committed = new Map<string, number>();
  #dueSince: ReadonlyMap<string, number> = new Map();
  #unsubscribe: (() => void) | undefined;
  #stopListening: (() => void) | undefined;
  #cancelWake: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  constructor(ports: AgentPorts, identity: AgentIdentity) {
    this.#ports = ports;
    this.#identity = identity;
    this.#reader = new StudyReader(ports.state);
    this.#reads = new SharedReads(ports.blobs);
    this.#disk = new DiskKnowledge(identity.msp, ports.blobs, ports.journal);
    this.#secrets = new SecretKnowledge(ports.secrets);
    this.#disputes = new Disputes(identity.msp, ports.journal);
    this.#timings = new RoundTimings(identity.msp);
  }

  /**
   * Begins. The mirror must have caught up with its own peer: an agent whose database was restored would else act on what
   * it has forgotten having done.
   */
  start(): void {
    if (this.#unsubscribe) return;
    this.#unsubscribe = this.#ports.state.onChange(() => this.#look());
    this.#stopListening = this.#ports.consent.onRestriction(() => this.#look());
    this.#look();
  }

  /** Ends all work. Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#stopListening?.();
    this.#cancelWake?.();
    for (const { stop } of this.#running.values()) stop.abort();
    await this.#looking;
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  timings(study: StudyId, round: number): HospitalTimings | undefined {
    return this.#timings.of(study, round);
  }

  failures(study: StudyId): readonly StepFailure[] {
    return this.#failures.failures(study);
  }

  /** Looks soon, or once more after the look that is under way. */
  #look(): void {
    this.#lookAgain = true;
    this.#looking ??= this.#lookUntilSeen();
  }

  async #lookUntilSeen(): Promise<void> {
    await Promise.resolve(); // changes that come together are looked at once
    while (this.#lookAgain && this.#unsubscribe) {
      this.#lookAgain = false;
      try {
        await this.#act();
      } catch (error) {
        this.#ports.log.error({ reason: textOf(error) }, 'the agent could not find out what it owes');
        this.#wakeIn(LOOK_AGAIN_MS);
      }
    }
    this.#looking = undefined;
  }

  /** Asks of every study what is owed, and starts what is not under way. */
  async #act(): Promise<void> {
    const waits: number[] = [];
    const owed = new Set<string>();
    const dueSince = new Map<string, number>();
    for (const study of this.#reader.studies()) {
      const view = this.#reader.study(study);
      if (!view?.version.protocol.members.includes(this.#identity.msp)) continue;
      await this.#disk.lookFor(view);
      await this.#secrets.lookFor(view);
      if (!this.#unsubscribe) return;
      this.#observe(view);
      const found = owedSteps(view, this.#knowledge(view), { ...this.#now(), dueSince: this.#dueSince });
      for (const [key, since] of found.dueSince) dueSince.set(key, since);
      if (found.wakeInMs !== undefined) waits.push(found.wakeInMs);
      waits.push(...this.#validityEnds(view));
      for (const step of found.steps) {
        const key = stepKey(step);
        owed.add(key);
        const wait = this.#consider(step, key, view);
        if (wait > 0) waits.push(wait);
      }
    }
    this.#dueSince = dueSince;
    this.#giveUp(owed);
    this.#wakeIn(Math.min(LOOK_MS_MAX, ...waits));
  }

  /** Starts a step, unless it is under way, done, or failed a moment ago. Returns in how many milliseconds to ask again. */
  #consider(step: Step, key: string, view: StudyView): number {
    const committedIn = this.#committed.get(key);
    if (this.#running.has(key)) return 0;
    if (committedIn !== undefined && this.#ports.state.height() <= committedIn) return 0;
    this.#committed.delete(key);
    const wait = this.#retries.waitMs(key, this.#ports.clock.monotonic());
    if (wait === 0) this.#begin(step, key, view);
    return wait;
  }

  #begin(step: Step, key: string, view: StudyView): void {
    const stop = new AbortController();
    const { signal } = stop;
    this.#publish(step, 'step-started');
    const context = {
      ports: this.#ports,
      identity: this.#identity,
      view,
      receipts: this.#receipts,
      reads: this.#reads,
      timings: this.#timings,
      signal,
    };
    const done = performStep(step, context)
      .then(
        (committed) => {
          this.#retries.succeeded(key);
          this.#failures.succeeded(step);
          if (committed) this.#committed.set(key, committed.blockNumber);
          if (REMOVING.includes(step.name)) this.#disk.forget();
          this.#publish(step, 'step-finished');
        },
        (error: unknown) => {
          if (!signal.aborted) this.#failed(step, key, error);
        },
      )
      .finally(() => {
        this.#running.delete(key);
        if (this.#unsubscribe) this.#look();
      });
    this.#running.set(key, { step, stop, done });
  }

  #failed(step: Step, key: string, error: unknown): void {
    const retryInMs = this.#retries.failed(key, error, this.#ports.clock.monotonic());
    this.#failures.failed(step, error, this.#ports.clock.now(), this.#retries.count(key));
    this.#disk.forget();
    const { name, study, round } = step;
    const code = error instanceof ConsiliumError ? error.code : 'INTERNAL';
    const line = { step: name, study, round, code, reason: textOf(error), retryInMs };
    // Overtaken by another member or by an earlier try: the ledger is read again, and mostly nothing is owed any more.
    if (error instanceof ConsiliumError && error.kind === 'conflict') this.#ports.log.info(line, 'step overtaken');
    else this.#ports.log.warn(line, 'step failed');
    this.#publish(step, 'step-failed', { code });
  }

  #giveUp(owed: ReadonlySet<string>): void {
    for (const [key, { step, stop }] of this.#running) if (!owed.has(key) && GIVEN_UP.includes(step.name)) stop.abort();
    const kept = new Set([...owed, ...this.#running.keys()]);
    this.#retries.keepOnly(kept);
    for (const key of this.#committed.keys()) if (!kept.has(key)) this.#committed.delete(key);
  }

  #observe(view: StudyView): void {
    const { study } = view;
    const at = this.#ports.clock.monotonic();
    for (const { round, phase } of this.#timings.observe(view, at))
      this.#ports.news.publish({ study, round, event: 'phase-seen-over', step: phase, at });
    if (!view.newest) return;
    this.#receipts.forgetBefore(study, view.newest.number);
    const disputed = this.#disputes.among(view, view.newest.facts.round.base);
    this.#failures.disputed(study, disputed, this.#ports.clock.now());
    const isSatOut = isConsentReason(journaledAbstention(this.#ports.journal, study, view.newest.number));
    this.#failures.satOut(study, isSatOut ? view.newest.number : undefined, this.#ports.clock.now());
  }

  /** In how many milliseconds the consent of somebody in the newest round's cohort ends by itself. */
  #validityEnds({ study, newest }: StudyView): number[] {
    if (!newest?.protocol.consent || isOver(newest)) return [];
    const until = this.#ports.consent.allowedUntil(study, newest.number);
    const left = until === undefined ? 0 : until - this.#ports.clock.now();
    return left > 0 ? [left] : [];
  }

  #knowledge(view: StudyView): Knowledge {
    return {
      msp: this.#identity.msp,
      journal: this.#ports.journal,
      holds: (digest) => this.#disk.holds(digest),
      receipts: (round) => this.#receipts.of(view.study, round),
      failures: (key) => this.#retries.count(key),
      cohort: (round) => cohortStanding(this.#ports.consent, view.study, round),
      secrets: () => this.#secrets.of(view.study),
      leftovers: () => this.#disk.leftovers(view),
      withdrawals: () => this.#ports.consent.unreportedWithdrawals(view.study),
      dispute: (version) => this.#disputes.among(view, version),
    };
  }

  #now(): { wall: number; monotonic: number; staggerMs: number } {
    const { clock, channel } = this.#ports;
    const staggerMs = Math.max(CLOSE_STAGGER_MS, STAGGER_COMMITS * channel.recentCommitMs());
    return { wall: clock.now(), monotonic: clock.monotonic(), staggerMs };
  }

  #wakeIn(ms: number): void {
    this.#cancelWake?.();
    this.#cancelWake = this.#ports.timers.after(Math.max(1, Math.ceil(ms)), () => this.#look());
  }

  #publish(step: Step, event: AgentNews['event'], detail?: AgentNews['detail']): void {
    const { name, study, round } = step;
    const at = this.#ports.clock.monotonic();
    this.#ports.news.publish({ study, round, event, step: name, at, ...(detail ? { detail } : {}) });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
