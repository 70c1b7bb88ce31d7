/** A mirror in memory, and a study written into it as the contract would, fact by fact. */
import {
  canonicalDigest,
  type Digest,
  FIRST_PROGRESS,
  ledgerKey,
  Msp,
  type Outcome,
  type Phase,
  type PinnedShareKey,
  type Progress,
  type Receipt,
  type Round,
  type RoundKind,
  StudyId,
  StudyProtocol,
  type VersionRef,
  vectorLayout,
} from '@consilium/domain';
import type { ChannelState } from '../ports.js';

export class MemoryState implements ChannelState {
  readonly #values = new Map<string, unknown>();
  readonly #places = new Map<string, { block: number; transactionId: string }>();
  readonly #listeners = new Set<() => void>();
  #height = 0;

  height(): number {
    return this.#height;
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  range(start: string, end: string): { key: string; value: unknown }[] {
    const keys = [...this.#values.keys()].filter((key) => key >= start && key < end).sort();
    return keys.map((key) => ({ key, value: this.#values.get(key) }));
  }

  recordOf(key: string): { block: number; transactionId: string } | undefined {
    return this.#places.get(key);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A block with one write. */
  put(key: string, value: unknown): void {
    this.#values.set(key, value);
    this.#places.set(key, { block: this.#height, transactionId: `tx${this.#height}` });
    this.#height += 1;
    for (const listener of [...this.#listeners]) listener();
  }
}

export const STUDY = StudyId.parse('heart');
export const [A, B, C, D] = ['AMSP', 'BMSP', 'CMSP', 'DMSP'].map((name) => Msp.parse(name)) as [Msp, Msp, Msp, Msp];
const MEMBERS = [A, B, C, D];
/** When rounds are opened. */
export const OPENED_AT = 1_000_000;

export const digestOf = (text: string): Digest => canonicalDigest(text);

type Changes = Partial<Record<keyof StudyProtocol, unknown>>;

/** Four hospitals, two training rounds, a numeric label, one tensor that stays at home. */
export function protocolOf(changes: Changes = {}): StudyProtocol {
  return StudyProtocol.parse({
    schemaVersion: 1,
    title: 'a study',
    members: MEMBERS,
    publicData: true,
    mode: 'open',
    columns: [{ kind: 'number', name: 'age', min: 0, max: 120 }],
    label: { kind: 'number', column: 'outcome', min: 0, max: 1 },
    standardisation: 'declared-ranges',
    split: { kind: 'listed' },
    model: { kind: 'linear-regression' },
    personalTensors: ['output/bias'],
    seed: 1,
    training: { steps: 1, batchSize: 1, optimiser: { kind: 'sgd', learningRate: 0.1 } },
    aggregation: {},
    trainingRounds: 2,
    ...changes,
  });
}

export function versionOutcome(name: string): Outcome {
  return { kind: 'version', digest: digestOf(name), sumDigest: digestOf(`sum of ${name}`), result: {} };
}

export class StudyOnChannel {
  readonly state = new MemoryState();
  readonly protocol: StudyProtocol;

  /** Proposed, and approved and registered by those named. */
  constructor(changes: Changes = {}, approved: readonly Msp[] = MEMBERS, registered: readonly Msp[] = approved) {
    this.protocol = protocolOf(changes);
    this.state.put(ledgerKey.study(STUDY), { study: STUDY, versions: 1 });
    this.state.put(ledgerKey.studyVersion(STUDY, 1), {
      study: STUDY,
      version: 1,
      protocol: this.protocol,
      protocolHash: this.#hash,
      proposedBy: { msp: A, id: 'researcher' },
      proposedAt: 0,
    });
    for (const msp of approved) this.approve(msp);
    for (const msp of registered) this.register(msp);
  }

  get #hash(): Digest {
    return canonicalDigest(this.protocol);
  }

  approve(msp: Msp): void {
    this.state.put(ledgerKey.approval(STUDY, 1, msp), {
      study: STUDY,
      version: 1,
      msp,
      protocolHash: this.#hash,
      meaning: 'approval',
      reason: '',
      approvedBy: 'officer',
      approvedAt: 0,
    });
  }

  register(msp: Msp, receiptKey = `${'A'.repeat(43)}=`): void {
    this.state.put(ledgerKey.member(STUDY, msp), { study: STUDY, msp, receiptKey });
  }

  vote(subject: string, voters: readonly Msp[]): void {
    for (const msp of voters)
      this.state.put(ledgerKey.vote(STUDY, subject, msp), {
        study: STUDY,
        subject,
        msp,
        yes: true,
        reason: '',
        castBy: 'officer',
        castAt: 0,
      });
  }

  open(
    round: number,
    kind: RoundKind,
    about: Readonly<{
      base?: VersionRef;
      candidateParent?: VersionRef;
      progress?: Partial<Progress>;
      available?: readonly Msp[];
      shareKeys?: readonly PinnedShareKey[];
    }> = {},
  ): void {
    const record: Round = {
      study: STUDY,
      round,
      kind,
      protocolVersion: 1,
      protocolHash: this.#hash,
      base: about.base ?? null,
      candidateParent: about.candidateParent ?? null,
      available: [...(about.available ?? MEMBERS)],
      ...(about.shareKeys ? { shareKeys: [...about.shareKeys] } : {}),
      deadlines: {
        joinBy: OPENED_AT + 60_000,
        contributeBy: OPENED_AT + 660_000,
        unmaskBy: OPENED_AT + 87_060_000,
        attestBy: OPENED_AT + 87_060_000,
      },
      progress: { ...FIRST_PROGRESS, ...about.progress },
      openedBy: A,
      openedAt: OPENED_AT,
    };
    for (let before = 0; before < round; before += 1) this.#pass(record, before);
    this.state.put(ledgerKey.round(STUDY, round), record);
  }

  /** Rounds have no gaps: one that a test says nothing of was aborted. */
  #pass(later: Round, round: number): void {
    if (this.state.get(ledgerKey.round(STUDY, round)) !== undefined) return;
    this.state.put(ledgerKey.round(STUDY, round), { ...later, round, kind: 'initial' });
    this.close(round, 'attesting', [], 'TOO_FEW_ATTESTATIONS');
  }

  /** Version 0 is recorded, and round 1 trains on it. */
  openTraining(): VersionRef {
    const base = this.recordVersion(0, 'version 0');
    this.open(1, 'training', { base, progress: { initialRecorded: true, lastAccepted: base } });
    return base;
  }

  join(round: number, ...members: readonly Msp[]): void {
    for (const msp of members)
      this.state.put(ledgerKey.join(STUDY, round, msp), { study: STUDY, round, msp, at: OPENED_AT });
  }

  /** A join that commits to a cohort. */
  joinWith(round: number, msp: Msp, root: Digest): void {
    const cohort = { root, sizeBucket: '10', restrictionEpoch: 0, policyVersion: 1, purposes: [] };
    this.state.put(ledgerKey.join(STUDY, round, msp), { study: STUDY, round, msp, cohort, at: OPENED_AT });
  }

  /** Contributions of vectors that nobody has. */
  contribute(round: number, ...members: readonly Msp[]): void {
    for (const msp of members) this.contributeVector(round, msp, digestOf(`vector ${round} ${msp}`));
  }

  contributeVector(round: number, msp: Msp, vectorDigest: Digest, receipts: readonly Receipt[] = []): void {
    const vectorLength = vectorLayout(this.protocol, 'training').length;
    const record = { study: STUDY, round, msp, vectorDigest, vectorLength, receipts, at: OPENED_AT };
    this.state.put(ledgerKey.contribution(STUDY, round, msp), record);
  }

  attest(round: number, outcome: Outcome, ...members: readonly Msp[]): void {
    for (const msp of members)
      this.state.put(ledgerKey.attestation(STUDY, round, msp), { study: STUDY, round, msp, outcome, at: OPENED_AT });
  }

  close(round: number, phase: Phase, found: readonly Msp[], abort: string | null = null): void {
    this.state.put(ledgerKey.close(STUDY, round, phase), {
      study: STUDY,
      round,
      phase,
      found,
      abort,
      closedBy: A,
      at: OPENED_AT,
    });
  }

  /** Writes a version as `openRound` does. Its outcome is `versionOutcome` of the name. */
  recordVersion(
    version: number,
    name: string,
    about: Readonly<{ parent?: VersionRef; survivors?: readonly Msp[]; status?: string }> = {},
  ): VersionRef {
    const { parent, survivors, status } = about;
    const digest = digestOf(name);
    this.state.put(ledgerKey.model(STUDY, version), {
      study: STUDY,
      version,
      digest,
      kind: version === 0 ? 'initial' : 'training',
      parent: parent ?? null,
      survivors: [...(survivors ?? [])],
      attestedBy: [A, B, C],
      sumDigest: digestOf(`sum of ${name}`),
      result: {},
      status: status ?? 'accepted',
    });
    return { version, digest };
  }
}
