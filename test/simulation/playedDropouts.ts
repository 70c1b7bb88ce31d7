/** Kills hospitals in the very block that fixes the roster, or has their contribution, and lets them come back after the round. */
import type { Msp } from '@consilium/domain';
import { isOver, type RoundView } from '../../gateway/src/agent/studyView.js';
import type { Dropout } from './dropouts.js';
import { requireThat } from './violation.js';

export type DropoutStage = Readonly<{
  round(number: number): RoundView | undefined;
  takeDown(msp: Msp, isWhole: boolean): void;
  comeBack(msp: Msp, loses: boolean): void;
}>;

export class PlayedDropouts {
  readonly #dropouts: readonly Dropout[];
  readonly #stage: DropoutStage;
  readonly #down = new Set<string>();
  readonly #over = new Set<number>();

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
      if (!isOver(round)) continue;
      this.#over.add(dropout.round);
      const helped = [...silent, ...vanishing].filter((msp) => round.facts.reveals.has(msp));
      requireThat(helped.length === 0, () => `${helped} revealed in round ${dropout.round}, in which they were gone`);
      for (const msp of [...silent, ...vanishing]) this.#stage.comeBack(msp, losing.includes(msp));
    }
  }

  /** Every one of these rounds had everybody in its roster, and came to its end while they were gone. */
  requireCompleted(): void {
    for (const { round: number, silent } of this.#dropouts) {
      const round = this.#stage.round(number);
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

  #takeDown(msp: Msp, { round, isWhole }: Dropout): void {
    const key = `${msp} ${round}`;
    if (this.#down.has(key)) return;
    this.#down.add(key);
    this.#stage.takeDown(msp, isWhole);
  }
}
