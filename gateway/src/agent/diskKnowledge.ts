/** Which bytes are on the disk, as far as the next decision asks for them. What was there once is taken to stay. */
import type { Digest, Msp, StudyId } from '@consilium/domain';
import type { Blobs, Journal } from './ports.js';
import { journaledVectorFile } from './roundJournal.js';
import type { RoundView, StudyView } from './studyView.js';
import { vectorFiles } from './uselessVectors.js';

export class DiskKnowledge {
  readonly #blobs: Blobs;
  readonly #journal: Pick<Journal, 'get'>;
  readonly #msp: Msp;
  readonly #held = new Set<Digest>();
  /** Where patients must consent: rounds whose own vector may still have to be removed. */
  readonly #watched = new Map<StudyId, Set<number>>();

  constructor(msp: Msp, blobs: Blobs, journal: Pick<Journal, 'get'>) {
    this.#msp = msp;
    this.#blobs = blobs;
    this.#journal = journal;
  }

  holds(digest: Digest): boolean {
    return this.#held.has(digest);
  }

  /** Rounds before the last two that left a vector on the disk, never contributed: this hospital was away, or it was needed still. */
  leftovers({ study, newest, round }: StudyView): RoundView[] {
    const numbers = [...(this.#watched.get(study) ?? [])].filter((number) => number < (newest?.number ?? 0) - 1);
    return numbers.flatMap((number) => round(number) ?? []);
  }

  /** Looks for everything that a decision about the study may ask for. */
  async lookFor(view: StudyView): Promise<void> {
    const rounds = [view.newest, view.previous].filter((round) => round !== undefined);
    const versions = rounds.flatMap(({ facts }) => [facts.round.base, facts.round.candidateParent]);
    const watched = this.#watch(view);
    const numbers = new Set([...rounds.map(({ number }) => number), ...watched]);
    const files = [...numbers].flatMap((number) => vectorFiles(this.#journal, view, number));
    const unseen = [...new Set([...versions.flatMap((version) => version?.digest ?? []), ...files])].filter(
      (digest) => !this.#held.has(digest),
    );
    await Promise.all(
      unseen.map(async (digest) => {
        if (await this.#blobs.has(digest)) this.#held.add(digest);
      }),
    );
    for (const { number } of this.leftovers(view)) {
      const isThere = vectorFiles(this.#journal, view, number).some((digest) => this.#held.has(digest));
      if (!isThere || view.round(number)?.facts.contributions.has(this.#msp)) watched.delete(number);
    }
  }

  /** A step found that something is missing after all: it is looked for again. */
  forget(): void {
    this.#held.clear();
  }

  /** All rounds at first, as far as this hospital wrote a vector and was no survivor; then each new one. */
  #watch({ study, newest, model }: StudyView): Set<number> {
    const last = newest?.protocol.consent ? newest.number : 0;
    const known = this.#watched.get(study);
    const watched = known ?? new Set<number>();
    this.#watched.set(study, watched);
    for (let number = last; number > 0 && number > last - (known ? 2 : last); number -= 1) {
      const isWritten = journaledVectorFile(this.#journal, study, number) !== undefined;
      if (isWritten && !model(number)?.survivors.includes(this.#msp)) watched.add(number);
    }
    return watched;
  }
}
