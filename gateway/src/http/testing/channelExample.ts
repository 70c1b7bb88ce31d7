/** The state of a channel in memory, and a small study on it. It is not built. */
import { canonicalDigest, type Digest, FIRST_PROGRESS, type Msp, type StudyId, StudyProtocol } from '@consilium/domain';
import type { LedgerReadings, TransactionNews } from '../ports.js';

export const MSPS = ['ClevelandMSP', 'HungaryMSP', 'SwitzerlandMSP', 'VaMSP'] as [Msp, Msp, Msp, Msp];
export const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = MSPS;
export const HEART = 'heart' as StudyId;
export const digestOf = (text: string): Digest => canonicalDigest(text);
export const transactionIdOf = (text: string): string => canonicalDigest(`transaction ${text}`);

export class StateInMemory implements LedgerReadings {
  readonly #values = new Map<string, { value: unknown; block: number; transactionId: string }>();
  readonly #transactions = new Map<string, number>();
  readonly #listeners = new Set<(transactions: readonly TransactionNews[]) => void>();
  #height = 0;

  /** Commits one block with one transaction. */
  write(writes: Readonly<Record<string, unknown>>, transactionId = transactionIdOf(String(this.#height))): void {
    const block = this.#height;
    this.#height += 1;
    for (const [key, value] of Object.entries(writes)) this.#values.set(key, { value, block, transactionId });
    this.#transactions.set(transactionId, block);
    const news = [{ block, transactionId, writes: Object.keys(writes).map((key) => ({ key })) }];
    for (const listener of this.#listeners) listener(news);
  }
  height(): number {
    return this.#height;
  }
  get(key: string): unknown {
    return this.#values.get(key)?.value;
  }
  range(start: string, end: string): Array<{ key: string; value: unknown }> {
    const keys = [...this.#values.keys()].filter((key) => key >= start && key < end).sort();
    return keys.map((key) => ({ key, value: this.get(key) }));
  }
  onChange(listener: () => void): () => void {
    return this.onTransactions(() => listener());
  }
  onTransactions(listener: (transactions: readonly TransactionNews[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  recordOf(key: string) {
    const found = this.#values.get(key);
    return found && { block: found.block, transactionId: found.transactionId };
  }
  blockOf(transactionId: string): number | undefined {
    return this.#transactions.get(transactionId);
  }
}

export const PROTOCOL = StudyProtocol.parse({
  schemaVersion: 1,
  title: 'Heart disease',
  members: MSPS,
  mode: 'open',
  columns: [{ kind: 'number', name: 'age', unit: 'years', min: 0, max: 120 }],
  label: { kind: 'binary', column: 'num', positive: { above: 0 } },
  standardisation: 'declared-ranges',
  split: { kind: 'listed' },
  model: { kind: 'logistic-regression' },
  seed: 42,
  training: { steps: 10, batchSize: 4, optimiser: { kind: 'sgd', learningRate: 0.1 }, l2: 0.5 },
  aggregation: {},
  trainingRounds: 3,
});
export const PROTOCOL_HASH = canonicalDigest(PROTOCOL);

const TEN = (number: number): string => String(number).padStart(10, '0');

/** A proposed study, approved by these. */
export function writeStudy(
  state: StateInMemory,
  approvedBy: readonly Msp[] = MSPS,
  study = HEART,
  protocol = PROTOCOL,
): void {
  const protocolHash = canonicalDigest(protocol);
  state.write({
    [`study~${study}`]: { study, versions: 1 },
    [`study~${study}~${TEN(1)}`]: {
      study,
      version: 1,
      protocol,
      protocolHash,
      proposedBy: { msp: CLEVELAND, id: 'researcher' },
      proposedAt: 1,
    },
  });
  for (const msp of approvedBy)
    state.write({
      [`approval~${study}~${TEN(1)}~${msp}`]: {
        study,
        version: 1,
        msp,
        protocolHash,
        meaning: 'takes part',
        reason: '',
        approvedBy: 'compliance-officer',
        approvedAt: 2,
      },
      [`member~${study}~${msp}`]: { study, msp, receiptKey: `${'A'.repeat(43)}=` },
    });
}

/** Round 0 of the study, attested with these digests, and recorded where four attested alike. */
export function writeInitialRound(state: StateInMemory, attested: readonly (readonly [Msp, string])[]): void {
  const about = { study: HEART, round: 0 };
  state.write({
    [`round~${HEART}~${TEN(0)}`]: {
      ...about,
      kind: 'initial',
      protocolVersion: 1,
      protocolHash: PROTOCOL_HASH,
      base: null,
      candidateParent: null,
      available: MSPS,
      deadlines: { joinBy: 10, contributeBy: 20, unmaskBy: 30, attestBy: 40 },
      progress: FIRST_PROGRESS,
      openedBy: HUNGARY,
      openedAt: 3,
    },
  });
  const outcomeOf = (name: string) => ({ kind: 'version', digest: digestOf(name), sumDigest: null, result: {} });
  for (const [msp, name] of attested)
    state.write({ [`attestation~${HEART}~${TEN(0)}~${msp}`]: { ...about, msp, outcome: outcomeOf(name), at: 4 } });
}

export function writeModel(state: StateInMemory, version: number, name: string, attestedBy: readonly Msp[]): void {
  state.write({
    [`model~${HEART}~${TEN(version)}`]: {
      study: HEART,
      version,
      digest: digestOf(name),
      kind: 'initial',
      parent: null,
      survivors: [],
      attestedBy,
      sumDigest: null,
      result: {},
      status: 'accepted',
    },
  });
}
