/** Kills hospitals in the very block that fixes the roster, or has their contribution, and lets them come back after the round. */
import type { Msp } from '@consilium/domain';
import { isOver, type RoundView } from '../../gateway/src/agent/studyView.js';
import type { Dropout } from './dropouts.js';
import { requireThat } from './violation.js';

export type DropoutStage = Readonly<{
  round(number: number): RoundView | undefined;
  takeDown(msp: Msp, isWhole: boolean): void;
  comeBack(msp: Msp, loses: boolean): void;
  /** Runs something in so many milliseconds. */
  after(ms: number, run: () => void): void;
  waited(number: number): void;
}>;

/** How long a round is left to wait that too few are left of. */
const WAIT_MS = 1_800_000;

export class PlayedDropouts {
  readonly #dropouts: readonly Dropout[];
  readonly #stage: DropoutStage;
  readonly #down = new Set<string>();
  readonly #over = new Set<number>();
  readonly #waiting = new Set<number>();

  constructor(dropouts: readonly Dropout[], stage: DropoutStage) {
    this.#dropouts = dropouts;
    this.#stage = stage;
  }

  /** A block was cut, and no peer has it yet: whoever is killed now has not seen it. */
  block(): void {
    for (const dropout of this.#dropouts) {
      const round = this.#stage.round(dropout.round);
      if (!round || this.#over.has(dropout.round)) continue;
      const { silent, vanishing, losing } = dropout;
      if (round.state.roster) for (const msp of silent) this.#takeDown(msp, dropout);
      for (const msp of vanishing) if (round.facts.contributions.has(msp)) this.#takeDown(msp, dropout);
      if (dropout.isTooMany && vanishing.length > 0) this.#watch(dropout, round);
      if (!isOver(round)) continue;
      this.#over.add(dropout.round);
      const helped = dropout.isTooMany ? [] : [...silent, ...vanishing].filter((msp) => round.facts.reveals.has(msp));
      requireThat(helped.length === 0, () => `${helped} revealed in round ${dropout.round}, in which they were gone`);
      for (const msp of [...silent, ...vanishing]) this.#stage.comeBack(msp, losing.includes(msp));
    }
  }

  /** Every one of these rounds had everybody in its roster, and came to its end while they were gone. */
  requireCompleted(): void {
    for (const { round: number, silent, isTooMany } of this.#dropouts) {
      const round = this.#stage.round(number);
      if (isTooMany && silent.length > 0) {
        const [base, next] = [round, this.#stage.round(number + 1)].map((of) => of?.facts.round.base?.digest);
        requireThat(
          round?.state.abort?.reason === 'TOO_FEW_CONTRIBUTIONS' && base === next,
          () => `round ${number} is ${round?.state.stage} over ${base}, and the next one is over ${next}`,
        );
        continue;
      }
      const members = round?.protocol.members ?? [];
      const survivors = members.filter((msp) => !silent.includes(msp)).join(' ');
      requireThat(round?.state.stage === 'agreed', () => `round ${number} is ${round?.state.stage}`);
      requireThat(
        round.state.roster?.join(' ') === members.join(' '),
        () => `the roster of round ${number} is ${round.state.roster?.join(' ')}`,
      );
      requireThat(
        round.state.survivors?.join(' ') === survivors,
        () => `the survivors of round ${number} are ${round.state.survivors?.join(' ')}, not ${survivors}`,
      );
    }
  }

  /** Survivors are fixed, and fewer than t hospitals are there: nothing happens until one of the others is. */
  #watch({ round: number, vanishing }: Dropout, { state }: RoundView): void {
    if (!state.survivors || this.#waiting.has(number)) return;
    this.#waiting.add(number);
    this.#stage.after(WAIT_MS, () => {
      const stage = this.#stage.round(number)?.state.stage;
      requireThat(stage === 'unmasking', () => `round ${number} is ${stage}, though fewer than t can open it`);
      this.#stage.waited(number);
      this.#stage.comeBack(vanishing[0] as Msp, false);
    });
  }

  #takeDown(msp: Msp, { round, isWhole }: Dropout): void {
    const key = `${msp} ${round}`;
    if (this.#down.has(key)) return;
    this.#down.add(key);
    this.#stage.takeDown(msp, isWhole);
  }
}
