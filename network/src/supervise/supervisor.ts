import { availableParallelism } from 'node:os';
import { refusal } from '@consilium/domain';
import { pause } from './readiness.js';
import type { PartStatus, SupervisedPart } from './supervisedPart.js';

/** Parts that boot at the same time: more would only share the same cores, and all be late. */
export const STARTING_AT_ONCE_MAX = Math.max(4, 3 * availableParallelism());

/** How often logs are measured. */
const LOG_CHECK_MS = 5_000;

/** Work on parts that are up, done while a stage of the start goes on; the next stage waits for it. */
export interface StartStep {
  readonly startStage: number;
  /** Rejects when it cannot be done; the signal is aborted when the start fails elsewhere. */
  run(parts: Pick<Supervisor, 'untilReady'>, signal: AbortSignal): Promise<void>;
}

/** All parts of one network: started stage by stage, stopped in the opposite order of who needs whom. */
export class Supervisor {
  readonly #watching = new AbortController();

  constructor(readonly parts: readonly SupervisedPart[]) {}

  get statuses(): PartStatus[] {
    return this.parts.map((part) => part.status);
  }

  /** @throws PART_UNKNOWN */
  part(owner: string, name: string): SupervisedPart {
    const found = this.parts.find(({ spec }) => spec.owner === owner && spec.name === name);
    if (found !== undefined) return found;
    const known = this.parts.map(({ spec }) => `${spec.owner} ${spec.name}`).join(', ');
    throw refusal('PART_UNKNOWN', { what: `part ${name} of ${owner}`, known });
  }

  /** Calls `listener` after each change of any part. */
  onChange(listener: () => void): void {
    for (const part of this.parts) part.onChange(listener);
  }

  /** Resolves when one part is up. @throws PART_UNKNOWN */
  async untilReady(owner: string, name: string, signal: AbortSignal): Promise<void> {
    await this.part(owner, name).untilReady(signal);
  }

  /**
   * Starts every part, and takes each step with the parts of its stage. Rejects with the first failure, or when the
   * signal is aborted; the caller then stops all.
   */
  async startAll(signal: AbortSignal, steps: readonly StartStep[] = []): Promise<void> {
    void this.#watchLogs();
    const stages = [...this.parts.map(({ spec }) => spec.startStage), ...steps.map(({ startStage }) => startStage)];
    for (const stage of [...new Set(stages)].sort((a, b) => a - b)) {
      signal.throwIfAborted();
      const failed = new AbortController();
      const stopping = AbortSignal.any([signal, failed.signal]);
      const waiting = this.parts.filter(({ spec }) => spec.startStage === stage);
      const startNext = async (): Promise<void> => {
        for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
          stopping.throwIfAborted();
          await part.start();
        }
      };
      const taken = steps.filter(({ startStage }) => startStage === stage).map((step) => step.run(this, stopping));
      try {
        await Promise.race([
          Promise.all([...Array.from({ length: STARTING_AT_ONCE_MAX }, startNext), ...taken]),
          new Promise<never>((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          }),
        ]);
      } finally {
        failed.abort();
      }
    }
  }

  /** Stops every part, those first that need others. */
  async stopAll(): Promise<void> {
    this.#watching.abort();
    for (const stage of stagesOf(this.parts, ({ spec }) => spec.stopStage)) {
      await Promise.all(stage.map((part) => part.stop()));
    }
  }

  /** Kills every process at once: for a person who does not want to wait. */
  killAll(): void {
    for (const part of this.parts) {
      void part.stop();
      void part.kill();
    }
  }

  async #watchLogs(): Promise<void> {
    const { signal } = this.#watching;
    while (!signal.aborted) {
      await pause(LOG_CHECK_MS, signal).catch(() => undefined);
      for (const part of this.parts) part.log.limit();
    }
  }
}

function stagesOf(parts: readonly SupervisedPart[], stageOf: (part: SupervisedPart) => number): SupervisedPart[][] {
  const stages = new Map<number, SupervisedPart[]>();
  for (const part of parts) stages.set(stageOf(part), [...(stages.get(stageOf(part)) ?? []), part]);
  return [...stages].sort(([a], [b]) => a - b).map(([, stage]) => stage);
}
