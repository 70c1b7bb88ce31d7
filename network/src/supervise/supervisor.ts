import { availableParallelism } from 'node:os';
import { refusal } from '@consilium/domain';
import { pause } from './readiness.js';
import type { PartStatus, SupervisedPart } from './supervisedPart.js';

/** Parts that boot at the same time: more would only share the same cores, and all be late. */
export const STARTING_AT_ONCE_MAX = Math.max(4, 3 * availableParallelism());

/** How often logs are measured. */
const LOG_CHECK_MS = 5_000;

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

  /** Starts every part. Rejects with the first failure, or when the signal is aborted; the caller then stops all. */
  async startAll(signal: AbortSignal): Promise<void> {
    void this.#watchLogs();
    for (const stage of stagesOf(this.parts, ({ spec }) => spec.startStage)) {
      signal.throwIfAborted();
      const waiting = [...stage];
      const startNext = async (): Promise<void> => {
        for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
          signal.throwIfAborted();
          await part.start();
        }
      };
      await Promise.race([
        Promise.all(Array.from({ length: STARTING_AT_ONCE_MAX }, startNext)),
        new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
      ]);
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
