/** Which bytes are on the disk, as far as the next decision asks for them. What was there once is taken to stay. */
import type { Digest } from '@consilium/domain';
import type { Blobs, Journal } from './ports.js';
import { journaledVector, journaledVectorFile } from './roundJournal.js';
import type { RoundView, StudyView } from './studyView.js';

export class DiskKnowledge {
  readonly #blobs: Blobs;
  readonly #journal: Pick<Journal, 'get'>;
  readonly #held = new Set<Digest>();

  constructor(blobs: Blobs, journal: Pick<Journal, 'get'>) {
    this.#blobs = blobs;
    this.#journal = journal;
  }

  holds(digest: Digest): boolean {
    return this.#held.has(digest);
  }

  /** Looks for everything that a decision about the study may ask for. */
  async lookFor({ study, newest, previous }: StudyView): Promise<void> {
    const digests = [newest, previous].flatMap((round) => (round ? this.#wanted(study, round) : []));
    const unseen = [...new Set(digests)].filter((digest) => !this.#held.has(digest));
    await Promise.all(
      unseen.map(async (digest) => {
        if (await this.#blobs.has(digest)) this.#held.add(digest);
      }),
    );
  }

  /** A step found that something is missing after all: it is looked for again. */
  forget(): void {
    this.#held.clear();
  }

  #wanted(study: StudyView['study'], { number, facts }: RoundView): Digest[] {
    const vector = journaledVector(this.#journal, study, number);
    const file = journaledVectorFile(this.#journal, study, number);
    const versions = [facts.round.base, facts.round.candidateParent].flatMap((version) => version?.digest ?? []);
    return [...versions, ...[vector, file].filter((digest) => digest !== undefined)];
  }
}
