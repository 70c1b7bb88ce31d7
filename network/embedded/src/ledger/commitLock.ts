/**
 * Many simulations or one commit. A simulation must see one height throughout, so a commit waits until those that run
 * have ended; one that waits lets no new simulation begin, or a busy peer would never commit. As in Fabric, a chaincode
 * that hangs therefore delays its peer's commits until its time is up.
 */
export class CommitLock {
  #simulations = 0;
  #isCommitting = false;
  readonly #waitingCommits: (() => void)[] = [];
  readonly #waitingSimulations: (() => void)[] = [];

  /** Begins a simulation; call the answer when it has ended (more calls do nothing). */
  async simulate(): Promise<() => void> {
    if (this.#isCommitting || this.#waitingCommits.length > 0) {
      await new Promise<void>((resume) => this.#waitingSimulations.push(resume));
    } else {
      this.#simulations += 1;
    }
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      this.#simulations -= 1;
      this.#next();
    };
  }

  /** Runs `work` while no simulation runs. */
  async commit<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#isCommitting || this.#simulations > 0) {
      await new Promise<void>((resume) => this.#waitingCommits.push(resume));
    }
    this.#isCommitting = true;
    try {
      return await work();
    } finally {
      this.#isCommitting = false;
      this.#next();
    }
  }

  #next(): void {
    if (this.#isCommitting) return;
    if (this.#waitingCommits.length > 0) {
      if (this.#simulations > 0) return;
      // Taken before the waiter runs, so that nobody gets in between.
      this.#isCommitting = true;
      this.#waitingCommits.shift()?.();
      return;
    }
    const resumed = this.#waitingSimulations.splice(0);
    this.#simulations += resumed.length;
    for (const resume of resumed) resume();
  }
}
