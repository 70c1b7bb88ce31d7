/** What one agent owes to a study, asked with all that it knows. */
import type { Digest, Msp, Receipt } from '@consilium/domain';
import type { CohortStanding } from '../cohortStanding.js';
import { Disputes } from '../disputes.js';
import type { Knowledge } from '../knowledge.js';
import { owedSteps } from '../owedSteps.js';
import { journalJoin, journalVector } from '../roundJournal.js';
import type { SecretStanding } from '../secretKnowledge.js';
import { StudyReader } from '../studyReader.js';
import type { RoundView, StudyView } from '../studyView.js';
import { MemoryJournal } from './memoryJournal.js';
import { A, digestOf, OPENED_AT, STUDY, type StudyOnChannel } from './studyOnChannel.js';

export const STAGGER_MS = 500;
export const ownVector = digestOf(`vector 1 ${A}`);

/** What the agent of hospital A knows, and when it looks. */
export class Asked {
  readonly journal = new MemoryJournal();
  readonly held = new Set<Digest>();
  readonly receipts = new Map<Msp, Receipt>();
  readonly failures = new Map<string, number>();
  cohort: CohortStanding = { root: undefined, isAllowed: false };
  leftovers: readonly RoundView[] = [];
  withdrawals: Readonly<{ fromRound: number; toRound: number }> | undefined;
  secrets: SecretStanding = { newest: undefined, shareKeys: [], rounds: [] };
  dueSince: ReadonlyMap<string, number> = new Map();
  wall = OPENED_AT;
  monotonic = 0;
  msp = A;
  readonly study: StudyOnChannel;

  constructor(study: StudyOnChannel) {
    this.study = study;
  }

  ask() {
    const view = new StudyReader(this.study.state).study(STUDY) as StudyView;
    const disputes = new Disputes(this.msp, this.journal);
    const know: Knowledge = {
      msp: this.msp,
      journal: this.journal,
      holds: (digest) => this.held.has(digest),
      receipts: () => this.receipts,
      failures: (key) => this.failures.get(key) ?? 0,
      cohort: () => this.cohort,
      secrets: () => this.secrets,
      leftovers: () => this.leftovers,
      withdrawals: () => this.withdrawals,
      dispute: (version) => disputes.among(view, version),
    };
    const { wall, monotonic, dueSince } = this;
    const owed = owedSteps(view, know, { wall, monotonic, staggerMs: STAGGER_MS, dueSince });
    this.dueSince = owed.dueSince;
    return owed;
  }

  names(): string[] {
    return this.ask().steps.map((step) => (step.name === 'shareVector' ? `shareVector ${step.to}` : step.name));
  }

  /** Joined, with the cohort that is kept here, where there is one. */
  withJoin(): this {
    this.study.join(1, A);
    if (this.cohort.root) this.study.joinWith(1, A, this.cohort.root);
    journalJoin(this.journal, STUDY, 1, digestOf('version 0'));
    return this;
  }

  /** Joined, with its vector made and kept. */
  withVector(): this {
    this.withJoin();
    journalVector(this.journal, STUDY, 1, ownVector);
    this.held.add(ownVector);
    return this;
  }

  receiptOf(msp: Msp): void {
    this.receipts.set(msp, { msp, signature: `${'A'.repeat(86)}==` });
  }
}
