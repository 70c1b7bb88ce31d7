/** Keeps an eye on a selection: whether each of its patients may still be used. */

import { createHash } from 'node:crypto';
import type { ConsentRef, Digest } from '@consilium/domain';
import type { CohortSelection } from '../agent/ports.js';
import type { KeptDecision } from './cohortDecisions.js';

export class CohortWatch {
  readonly decision: KeptDecision;
  readonly selection: CohortSelection;
  readonly #members: ReadonlyMap<ConsentRef, string>;
  /** Something became less: this selection is not used any more, even if it became more again. */
  #less = false;

  constructor(decision: KeptDecision, members: ReadonlyMap<ConsentRef, string>) {
    this.decision = decision;
    this.#members = members;
    this.selection = {
      patientsDigest: digestOf(members),
      patients: new Set(members.values()),
      commitment: decision.commitment,
    };
  }

  /** Of these records, the ones that are members. */
  membersAmong(refs: readonly ConsentRef[]): ConsentRef[] {
    return refs.filter((ref) => this.#members.has(ref));
  }

  members(): Iterable<ConsentRef> {
    return this.#members.keys();
  }

  end(): void {
    this.#less = true;
  }

  holds(now: number): boolean {
    return !this.#less && now < (this.decision.allowedUntil ?? Number.POSITIVE_INFINITY);
  }
}

/** Of the records alone, in their own order: refs are random, so it tells nothing of the patients. */
function digestOf(members: ReadonlyMap<ConsentRef, string>): Digest {
  const hash = createHash('sha256');
  for (const ref of [...members.keys()].sort()) hash.update(ref, 'hex');
  return hash.digest('hex') as Digest;
}
