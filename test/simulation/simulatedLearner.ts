/**
 * Stands in for training: takes time, and gives small integers that follow from study, round, base, hospital and the
 * hospital's own tensors. As real training under a seed does, it gives the same again after a restart.
 */
import { createHash } from 'node:crypto';
import {
  type EvaluationSlices,
  lossScale,
  type Metrics,
  type Msp,
  refusal,
  type Slice,
  type StudyProtocol,
  statisticsScale,
  vectorLayout,
} from '@consilium/domain';
import type { Learner, PersonalTensors, VectorMade, VectorTask } from '../../gateway/src/agent/ports.js';
import type { Incarnation } from './incarnation.js';
import type { Random } from './random.js';

/** A hospital's one own tensor in these studies. */
export const PERSONAL_TENSOR = 'output/bias';

export type LearnerPlan = Readonly<{
  /** Rounds whose version turns out worse than its parent. */
  worsened: ReadonlySet<number>;
  /** Rounds in which nobody has a patient. */
  weightless: ReadonlySet<number>;
  /** Whether every attempt gives another vector, as training without a seed does. */
  isUnseeded: boolean;
  trainingMs: readonly [number, number];
  /** How often training still fails at a hospital. */
  failures: Map<Msp, number>;
}>;

export type LearnerWatch = Readonly<{
  /** Training begins. Returns how to say that it has ended. */
  begun(msp: Msp, task: VectorTask, signal: AbortSignal | undefined): () => void;
  made(msp: Msp, task: VectorTask, made: VectorMade): void;
}>;

export class SimulatedLearner implements Learner {
  readonly #msp: Msp;
  readonly #process: Incarnation;
  readonly #random: Random;
  readonly #plan: LearnerPlan;
  readonly #watch: LearnerWatch;

  constructor(msp: Msp, process: Incarnation, random: Random, plan: LearnerPlan, watch: LearnerWatch) {
    this.#msp = msp;
    this.#process = process;
    this.#random = random;
    this.#plan = plan;
    this.#watch = watch;
  }

  async makeVector(task: VectorTask, signal?: AbortSignal): Promise<VectorMade> {
    const [least, most] = this.#plan.trainingMs;
    const ms = this.#random.between(least, most);
    const ended = this.#watch.begun(this.#msp, task, signal);
    await this.#process.delay(ms);
    ended();
    if (signal?.aborted) throw signal.reason;
    const failures = this.#plan.failures.get(this.#msp) ?? 0;
    if (failures > 0) {
      this.#plan.failures.set(this.#msp, failures - 1);
      throw refusal('TRAINING_FAILED', { reason: 'killed' });
    }
    const made = this.#vector(task, ms / 1_000);
    this.#watch.made(this.#msp, task, made);
    return made;
  }

  #vector(task: VectorTask, seconds: number): VectorMade {
    const { study, protocol, round, kind, base, candidateParent } = task;
    const own = base.personal?.get(PERSONAL_TENSOR)?.[0] ?? 0;
    const nonce = this.#plan.isUnseeded ? this.#random.next() : 0;
    const cohort = task.selection?.patientsDigest ?? '';
    const digest = createHash('sha256')
      .update([study, protocol.seed, round, kind, this.#msp, own, cohort, nonce].join('\n'))
      .update(base.file)
      .digest();
    const patients = this.#plan.weightless.has(round) ? 0 : 5 + (digest[0] as number);
    const layout = vectorLayout(protocol, kind);
    const vector = new Int32Array(layout.length);
    const set = (slice: Slice | undefined, value: number) => {
      if (slice) vector.fill(Math.round(value), slice.start, slice.start + slice.length);
    };
    const baseMetrics = this.#metrics(protocol, base.version, patients);
    const parentMetrics = candidateParent && this.#metrics(protocol, candidateParent.version, patients);
    if (layout.statistics) {
      const scale = statisticsScale(protocol);
      set(layout.statistics.sums, patients * scale * 0.1);
      set(layout.statistics.squares, patients * scale * 0.2);
      set(layout.statistics.patients, patients);
    }
    set(layout.update?.all, digest.readInt16LE(1));
    set(layout.update?.weight, patients);
    for (const slices of [layout.validation?.base, layout.test?.base]) setMetrics(slices, baseMetrics);
    if (parentMetrics) {
      set(layout.validation?.parentLoss, parentMetrics.loss);
      setMetrics(layout.test?.parent, parentMetrics);
    }
    return {
      vector,
      personal: new Map([[PERSONAL_TENSOR, Float32Array.of(kind === 'training' ? digest.readUInt16LE(3) : own)]]),
      trainingPatients: patients,
      evaluation: kind === 'evaluation' ? { base: baseMetrics, parent: parentMetrics } : undefined,
      clipped: false,
      seconds,
    };

    function setMetrics(slices: EvaluationSlices | undefined, { loss, patients: seen, absoluteError }: NumberMetrics) {
      if (slices?.kind !== 'number') return;
      set(slices.loss, loss);
      set(slices.patients, seen);
      set(slices.absoluteError, absoluteError);
    }
  }

  #metrics(protocol: StudyProtocol, version: number, patients: number): NumberMetrics {
    const perPatient = this.#plan.worsened.has(version) ? 2 : 0.5 - version / 1_000;
    const loss = Math.round(perPatient * patients * lossScale(protocol));
    return { kind: 'number', patients, loss, absoluteError: loss };
  }
}

type NumberMetrics = Extract<Metrics, { kind: 'number' }>;

/** The value of a hospital's one own tensor; the protocol's start where it has none. */
export function personalValue(personal: PersonalTensors | undefined): number {
  return personal?.get(PERSONAL_TENSOR)?.[0] ?? 0;
}
