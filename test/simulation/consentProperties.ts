/**
 * What must hold for patients, whatever happens: whoever may not be used any more, as far as the hospital can know, is in no
 * cohort that is joined with, and in nothing that is trained on, shared or contributed from then on.
 */
import {
  type Command,
  Contribution,
  type Digest,
  Join,
  keyRange,
  ledgerKey,
  type ModelVersion,
  type Msp,
  type RestrictionEpoch,
  recordUnder,
  type TransactionName,
  type WithdrawalReport,
} from '@consilium/domain';
import type { ChannelState, VectorTask } from '../../gateway/src/agent/ports.js';
import type { Block } from './channelNetwork.js';
import type { ConsentRecords } from './consentRecords.js';
import { STUDY } from './studyName.js';
import { Violation } from './violation.js';

export type ConsentPropertyParts = Readonly<{
  members: readonly Msp[];
  records(msp: Msp): ConsentRecords;
  /** Whether a patient may be used as the hospital's own store, mirror and clock have it, so many milliseconds ago. */
  mayUse(msp: Msp, patient: string, msAgo: number): boolean;
  isOnDisk(msp: Msp, digest: Digest): boolean;
  /** The channel as it is. */
  head: ChannelState;
}>;

type Training = Readonly<{ task: VectorTask; signal: AbortSignal | undefined }>;

export class ConsentProperties {
  readonly #parts: ConsentPropertyParts;
  readonly #training = new Map<Msp, Set<Training>>();
  /** By hospital, round and vector, whose rows it was made of. Rounds that are done again may make the same bytes. */
  readonly #cohorts = new Map<string, Readonly<{ msp: Msp; round: number; digest: Digest; root: Digest }>>();
  readonly #epochs = new Map<string, number>();
  readonly #restored = new Set<Msp>();

  constructor(parts: ConsentPropertyParts) {
    this.#parts = parts;
  }

  /** A hospital's database is an old one now: it has forgotten which files it wrote. */
  restored(msp: Msp): void {
    this.#restored.add(msp);
  }

  /** A hospital's gateway is killed, and with it whatever trains. */
  crashed(msp: Msp): void {
    this.#training.delete(msp);
  }

  /** Training begins. Returns how to say that it has ended. */
  begun(msp: Msp, task: VectorTask, signal: AbortSignal | undefined): () => void {
    const training = { task, signal };
    const running = this.#training.get(msp) ?? new Set();
    this.#training.set(msp, running.add(training));
    if (task.protocol.consent) this.#requireCommitted(msp, task);
    this.#requireUsable(msp, task.selection?.commitment.root, `trains round ${task.round}`);
    return () => running.delete(training);
  }

  made(msp: Msp, task: VectorTask, digest: Digest): void {
    const root = task.selection?.commitment.root;
    this.#requireUsable(msp, root, `trains round ${task.round} to its end`);
    const { round } = task;
    if (root) this.#cohorts.set(`${msp} ${round} ${digest}`, { msp, round, digest, root });
  }

  /** A vector leaves the hospital. */
  shown(msp: Msp, round: number, digest: Digest): void {
    this.#requireUsable(
      msp,
      this.#cohorts.get(`${msp} ${round} ${digest}`)?.root,
      `shares its vector of round ${round}`,
    );
  }

  /** A transaction goes to the orderer: it cannot be called back any more. */
  ordered(msp: Msp, name: TransactionName, command: unknown): void {
    if (name === 'RoundContract:joinRound') {
      const { round, cohort } = command as Command<'RoundContract:joinRound'>;
      this.#requireUsable(msp, cohort?.root, `joins round ${round}`);
    }
    if (name === 'RoundContract:contribute') {
      const { round, vectorDigest } = command as Command<'RoundContract:contribute'>;
      this.#requireUsable(
        msp,
        this.#cohorts.get(`${msp} ${round} ${vectorDigest}`)?.root,
        `contributes to round ${round}`,
      );
    }
    if (name === 'RoundContract:reportEvaluation') {
      const { round } = command as Command<'RoundContract:reportEvaluation'>;
      const join = this.#parts.head.get(ledgerKey.join(STUDY, round, msp)) as Join | undefined;
      this.#requireUsable(msp, join?.cohort?.root, `reports figures of round ${round}`);
    }
  }

  /** Something became less at a hospital, in this very turn. */
  becameLess(msp: Msp): void {
    for (const { task, signal } of this.#training.get(msp) ?? [])
      if (signal?.aborted === false)
        this.#requireUsable(msp, task.selection?.commitment.root, `trains on in round ${task.round}`);
  }

  /** What is written, in its order: a join is judged by the epoch that stands before it. */
  block({ writes }: Block): void {
    for (const { key, value } of writes) {
      const [noun, , number] = key.split('~');
      if (noun === 'epoch') {
        const { msp, epoch } = value as RestrictionEpoch;
        this.#epochs.set(msp, epoch);
      }
      if (noun === 'join') this.#joined(recordUnder(Join, key, value), Number(number));
      if (noun === 'contribution') this.#contributed(recordUnder(Contribution, key, value), Number(number));
    }
  }

  /**
   * After the end: no hospital that is up has kept a vector that was given up, and all that was touched is reported.
   * @param settledMs what happened before is dealt with by now
   */
  end(up: readonly Msp[], settledMs: number): void {
    for (const msp of up) {
      if (!this.#restored.has(msp)) this.#requireForgotten(msp);
      this.#requireReported(msp, settledMs);
    }
  }

  #joined({ msp, cohort }: Join, round: number): void {
    if (!cohort) return;
    const current = this.#epochs.get(msp) ?? 0;
    require(cohort.restrictionEpoch === current, () =>
      `${msp} joined round ${round} under epoch ${cohort.restrictionEpoch}, while ${current} was current`);
  }

  #contributed({ msp, vectorDigest }: Contribution, round: number): void {
    const made = this.#cohorts.get(`${msp} ${round} ${vectorDigest}`);
    if (!made) return;
    const committed = this.#joinRoot(made.msp, round);
    require(made.root === committed, () =>
      `${msp} contributed to round ${round} of another cohort than it joined with`);
  }

  #requireCommitted(msp: Msp, { round, selection }: VectorTask): void {
    const root = this.#joinRoot(msp, round);
    require(selection !== undefined && selection.commitment.root === root, () =>
      `${msp} trains round ${round} on other patients than it joined with`);
  }

  #requireUsable(msp: Msp, root: Digest | undefined, does: string): void {
    const patients = root && this.#parts.records(msp).made.get(root);
    const gone = [...(patients ?? [])].filter((patient) => !this.#parts.mayUse(msp, patient, 1));
    require(gone.length === 0, () => `${msp} ${does} with ${gone}, who withdrew or whose consent has ended`);
  }

  #requireForgotten(msp: Msp): void {
    const { start, end } = keyRange('contribution', STUDY);
    const contributions = this.#parts.head.range(start, end).map(({ value }) => value as { vectorDigest: Digest });
    // Sums of few patients may be another hospital's as well, which this one has signed for.
    const others = [...this.#cohorts.values()].filter((made) => made.msp !== msp).map(({ digest }) => digest);
    const needed = new Set([...contributions.map(({ vectorDigest }) => vectorDigest), ...others]);
    for (const made of this.#cohorts.values())
      if (made.msp === msp && !needed.has(made.digest))
        require(!this.#parts.isOnDisk(msp, made.digest), () =>
          `${msp} has kept its vector of round ${made.round}, which it never contributed`);
  }

  #requireReported(msp: Msp, settledMs: number): void {
    const { head } = this.#parts;
    const { start, end } = keyRange('withdrawal', STUDY, msp);
    const reports = head.range(start, end).map(({ value }) => value as WithdrawalReport);
    require(reports.length <= 20, () => `${msp} reports for ever`);
    const models = keyRange('model', STUDY);
    for (const { value } of head.range(models.start, models.end)) {
      const { version, survivors } = value as ModelVersion;
      const root = survivors.includes(msp) ? this.#joinRoot(msp, version) : undefined;
      const patients = (root && this.#parts.records(msp).made.get(root)) ?? [];
      if ([...patients].every((patient) => this.#parts.mayUse(msp, patient, settledMs))) continue;
      const isReported = reports.some(({ fromRound, toRound }) => fromRound <= version && version <= toRound);
      require(isReported, () => `${msp} has not reported that version ${version} was touched by a withdrawal`);
    }
  }

  #joinRoot(msp: Msp, round: number): Digest | undefined {
    return (this.#parts.head.get(ledgerKey.join(STUDY, round, msp)) as Join | undefined)?.cohort?.root;
  }
}

function require(condition: boolean, text: () => string): asserts condition {
  if (!condition) throw new Violation(text());
}
