/** A hospital's store of round secrets: it outlives the process, is in no backup, and can be lost as a whole. */
import type { DealtSecrets, RoundSecrets } from '../../gateway/src/agent/ports.js';
import { MemorySecrets } from '../../gateway/src/agent/testing/memorySecrets.js';
import type { Incarnation } from './incarnation.js';
import type { Random } from './random.js';

export class SimulatedSecrets {
  readonly #kept = new MemorySecrets();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The folder is gone: a new disk, or an operator who cleaned up. */
  lose(): void {
    this.#kept.lose();
  }

  content(): ReturnType<MemorySecrets['content']> {
    return this.#kept.content();
  }

  /** As one process sees it: each write takes a moment, in which the power may go. */
  of(process: Incarnation): RoundSecrets {
    const kept = this.#kept;
    const moment = () => process.delay(this.#random.between(0, 2));
    return {
      stateOf: (study, round) => kept.stateOf(study, round),
      dealt: (study, round) => kept.dealt(study, round),
      masked: (study, round) => kept.masked(study, round),
      shareKeys: () => kept.shareKeys(),
      shareKey: (study, index) => kept.shareKey(study, index),
      rounds: () => kept.rounds(),
      async keepDealt(study, round, dealt: DealtSecrets) {
        await moment();
        await kept.keepDealt(study, round, dealt);
      },
      async keepMasked(study, round, vector) {
        await moment();
        await kept.keepMasked(study, round, vector);
      },
      async keepShareKey(study, index, privateKey) {
        await moment();
        return kept.keepShareKey(study, index, privateKey);
      },
      async destroy(study, shareKeys, rounds) {
        await moment();
        await kept.destroy(study, shareKeys, rounds);
      },
    };
  }
}
