/** Where this hospital attested another outcome than the recorded one: it does not go on from there until it has verified. */
import { canonicalJson, type ModelVersion, type Msp, type Outcome, type VersionRef } from '@consilium/domain';
import type { Journal } from './ports.js';
import { isDisputeLifted, journaledOutcome } from './roundJournal.js';
import type { StudyView } from './studyView.js';

/** Rounds back from the newest in which an attestation of one's own may still come. */
const ROUNDS_UNSETTLED = 2;

export class Disputes {
  readonly #msp: Msp;
  readonly #journal: Pick<Journal, 'get'>;
  /** Versions that are free of dispute for good, as are all that they descend from. */
  readonly #clean = new Set<string>();

  /** Versions that this hospital attested as they were recorded. Neither ever changes. */
  readonly #agreed = new Set<string>();

  constructor(msp: Msp, journal: Pick<Journal, 'get'>) {
    this.#msp = msp;
    this.#journal = journal;
  }

  /** The newest disputed version among one and its ancestors. */
  among(view: StudyView, version: VersionRef | null): number | undefined {
    const settledBefore = (view.newest?.number ?? 0) - ROUNDS_UNSETTLED;
    const passed: string[] = [];
    for (let at = version; at; ) {
      const key = `${view.study} ${at.version}`;
      if (this.#clean.has(key)) break;
      const recorded = view.model(at.version);
      if (!recorded) break;
      if (this.#isDisputed(view, recorded)) return at.version;
      if (at.version <= settledBefore) passed.push(key);
      at = recorded.parent;
    }
    for (const key of passed) this.#clean.add(key);
    return undefined;
  }

  #isDisputed(view: StudyView, recorded: ModelVersion): boolean {
    const round = recorded.version;
    const key = `${view.study} ${round}`;
    if (this.#agreed.has(key)) return false;
    const own = view.attestation(round, this.#msp)?.outcome ?? journaledOutcome(this.#journal, view.study, round);
    if (!own) return false;
    if (isRecorded(own, recorded)) {
      this.#agreed.add(key);
      return false;
    }
    return !isDisputeLifted(this.#journal, view.study, round);
  }
}

function isRecorded(outcome: Outcome, { digest, sumDigest, result }: ModelVersion): boolean {
  return canonicalJson(outcome) === canonicalJson({ kind: 'version', digest, sumDigest, result });
}
