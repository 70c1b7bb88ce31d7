import { type CommandInput, ledgerKey, refusal, type TransactionName } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { shareSealing } from '../privacy/shareSealing.js';
import { Agent } from './agent.js';
import type { AgentPorts } from './agentPorts.js';
import { noConsentDesk } from './noConsentDesk.js';
import type { CohortSelection, Committed, ConsentDesk, VectorMade, VectorTask } from './ports.js';
import { journaledAbstention } from './roundJournal.js';
import { MemoryBlobs } from './testing/memoryBlobs.js';
import { MemoryJournal } from './testing/memoryJournal.js';
import { MemorySecrets } from './testing/memorySecrets.js';
import { newReceiptKey } from './testing/receiptKey.js';
import { A, B, C, D, digestOf, OPENED_AT, STUDY, StudyOnChannel } from './testing/studyOnChannel.js';

const PATIENTS = ['anna', 'bert', 'carl'];
const YEAR_MS = 365 * 24 * 3_600_000;

/** A desk whose patients withdraw as the test says. */
class Desk {
  readonly withdrawn = new Set<string>();
  readonly kept = new Map<number, CohortSelection>();
  readonly asked: string[][] = [];
  until: number | undefined;
  epoch = 0;
  readonly #listeners = new Set<() => void>();
  readonly desk: ConsentDesk = {
    ...noConsentDesk,
    select: async ({ study, round, patients }) => {
      this.asked.push([...patients]);
      const allowed = patients.filter((patient) => !this.withdrawn.has(patient));
      if (allowed.length === 0) throw refusal('CONSENT_COHORT_EMPTY', { study });
      const root = digestOf(`${round} ${allowed}`);
      const commitment = { root, sizeBucket: '<10', restrictionEpoch: this.epoch, policyVersion: 1, purposes: [] };
      const selection = { patientsDigest: digestOf(`${allowed}`), patients: new Set(allowed), commitment };
      this.kept.set(round, selection);
      return selection;
    },
    selection: (_study, round) => this.kept.get(round),
    isStillAllowed: (_study, round) => {
      const isOver = this.until !== undefined && now() >= this.until;
      return (
        !isOver && [...(this.kept.get(round)?.patients ?? [''])].every((one) => one !== '' && !this.withdrawn.has(one))
      );
    },
    allowedUntil: () => this.until,
    onRestriction: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
  };

  withdraw(patient: string): void {
    this.withdrawn.add(patient);
    for (const listener of [...this.#listeners]) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

let monotonic = 0;
const now = () => OPENED_AT + monotonic;

class Running {
  readonly study = new StudyOnChannel({ consent: {} });
  readonly desk = new Desk();
  readonly blobs = new MemoryBlobs();
  readonly journal = new MemoryJournal();
  readonly sent: { name: string; command: unknown; refuse: (error: Error) => void; signal: AbortSignal | undefined }[] =
    [];
  readonly tasks: { task: VectorTask; signal: AbortSignal | undefined; finish: (made: VectorMade) => void }[] = [];
  sets = new Map(PATIENTS.map((patient) => [patient, 'train' as 'train' | 'test']));
  #timers: { at: number; callback: () => void }[] = [];
  readonly ports: AgentPorts = {
    state: this.study.state,
    blobs: this.blobs,
    journal: this.journal,
    receiptKeys: newReceiptKey().keys,
    secrets: new MemorySecrets(),
    sealing: shareSealing,
    personal: { get: () => undefined, set: () => undefined, remove: () => undefined },
    patients: { patients: async () => this.sets },
    consent: this.desk.desk,
    channel: {
      recentCommitMs: () => 100,
      submit: <Name extends TransactionName>(name: Name, command: CommandInput<Name>, signal?: AbortSignal) =>
        new Promise<Committed>((_answer, refuse) => {
          signal?.addEventListener('abort', () => refuse(signal.reason));
          this.sent.push({ name, command, refuse, signal });
        }),
    },
    exchange: {
      push: (to) => Promise.reject(refusal('EXCHANGE_UNREACHABLE', { msp: to })),
      fetch: (digest) => Promise.reject(refusal('VECTOR_UNKNOWN', { digest })),
    },
    learner: {
      makeVector: (task, signal) =>
        new Promise((finish, fail) => {
          signal?.addEventListener('abort', () => fail(signal.reason));
          this.tasks.push({ task, signal, finish });
        }),
    },
    arithmetic: {
      initialVersion: () => new Uint8Array(8),
      aggregate: () => {
        throw new Error('nothing is summed up here');
      },
    },
    clock: { now, monotonic: () => monotonic },
    timers: {
      after: (ms, callback) => {
        const timer = { at: monotonic + ms, callback };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
        };
      },
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    news: { publish: () => undefined },
  };
  readonly agent = new Agent(this.ports, { msp: A, channel: 'consilium' });

  async pass(ms: number): Promise<void> {
    monotonic += ms;
    const due = this.#timers.filter(({ at }) => at <= monotonic);
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { callback } of due) callback();
    await settled();
  }

  joins(): { cohort?: { root: string } }[] {
    return this.sent
      .filter(({ name }) => name === 'RoundContract:joinRound')
      .map(({ command }) => command as { cohort?: { root: string } });
  }

  get satOut(): string | undefined {
    return journaledAbstention(this.journal, STUDY, 1);
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('an agent whose study asks for consent', () => {
  let at: Running;
  beforeEach(async () => {
    monotonic = 0;
    at = new Running();
    at.study.state.put(ledgerKey.policyHead(A), { msp: A, versions: 1 });
    const base = { version: 0, digest: await at.blobs.put(new TextEncoder().encode('the base')) };
    at.study.open(1, 'training', { base });
    at.agent.start();
    await settled();
  });
  afterEach(() => at.agent.stop());

  /** Its join stands on the channel. */
  async function joined(): Promise<(typeof at.tasks)[number]> {
    at.study.joinWith(1, A, at.desk.kept.get(1)?.commitment.root as never);
    await settled();
    return at.tasks.at(-1) as (typeof at.tasks)[number];
  }

  test('joins with the cohort that it selected of all whom the source has, and trains on these patients alone', async () => {
    expect(at.desk.asked).toEqual([PATIENTS]);
    expect(at.joins()).toMatchObject([{ cohort: { root: digestOf(`1 ${PATIENTS}`) } }]);
    expect(at.tasks).toEqual([]);
    const { task } = await joined();
    expect([...(task.selection?.patients ?? [])]).toEqual(PATIENTS);
  });

  test('selects again where the epoch that it selected under is not current any more', async () => {
    at.study.state.put(ledgerKey.epoch(A), { msp: A, epoch: 1 });
    at.desk.epoch = 1;
    at.sent[0]?.refuse(refusal('CONSENT_EPOCH_STALE', { committed: 0, current: 1 }));
    await settled();
    await at.pass(100);
    expect(at.desk.asked).toHaveLength(2);
    expect(at.joins()[1]).toMatchObject({ cohort: { restrictionEpoch: 1 } });
  });

  test('sends a join whose fate is not known again as it was', async () => {
    at.sent[0]?.refuse(refusal('LEDGER_COMMIT_UNKNOWN', { transactionId: 't' }));
    await settled();
    await at.pass(1_000);
    expect(at.joins()[1]).toEqual(at.joins()[0]);
    expect(at.desk.asked).toHaveLength(1);
  });

  test('calls its join back in the turn of a withdrawal, and selects again', async () => {
    at.desk.withdraw('bert');
    expect(at.sent[0]?.signal?.aborted).toBe(true);
    await settled();
    await at.pass(100);
    expect(at.joins()[1]?.cohort?.root).toBe(digestOf('1 anna,carl'));
    expect(at.satOut).toBeUndefined();
  });

  test('ends training in the turn of a withdrawal, and sits the round out', async () => {
    const { signal } = await joined();
    expect(signal?.aborted).toBe(false);
    at.desk.withdraw('bert');
    expect(signal?.aborted).toBe(true);
    await settled();
    expect(at.satOut).toMatch(/may not be used any more/);
    expect(at.agent.failures(STUDY)).toMatchObject([{ step: 'sitOut', round: 1, code: 'CONSENT_WITHDRAWN' }]);
    await at.pass(60_000);
    expect(at.tasks).toHaveLength(1);
  });

  test('goes on where somebody withdraws who is not in the cohort', async () => {
    const { signal } = await joined();
    at.desk.withdraw('doris');
    await at.pass(10_000);
    expect(signal?.aborted).toBe(false);
    expect(at.satOut).toBeUndefined();
  });

  test('ends training when a validity ends, however far away that seemed', async () => {
    at.desk.until = OPENED_AT + YEAR_MS;
    const { signal } = await joined();
    for (let day = 1; day < 365; day += 1) await at.pass(YEAR_MS / 365);
    expect(signal?.aborted).toBe(false);
    await at.pass(YEAR_MS / 365);
    expect(signal?.aborted).toBe(true);
    expect(at.satOut).toMatch(/may not be used any more/);
  });

  test('removes a vector that comes all the same', async () => {
    const { finish } = await joined();
    at.desk.withdraw('bert');
    finish({
      vector: new Int32Array(5),
      personal: undefined,
      trainingPatients: 3,
      evaluation: undefined,
      clipped: false,
      seconds: 1,
    });
    await settled();
    expect([...at.blobs.files.keys()]).toHaveLength(1);
    expect(at.sent.filter(({ name }) => name === 'RoundContract:contribute')).toEqual([]);
  });

  test('sits out, and says so, where nobody consents, or nobody whom the study would train on', async () => {
    for (const patient of PATIENTS) at.desk.withdrawn.add(patient);
    at.sent[0]?.refuse(refusal('CONSENT_EPOCH_STALE', { committed: 0, current: 1 }));
    await settled();
    await at.pass(100);
    expect(at.agent.failures(STUDY)).toMatchObject([{ step: 'joinRound', code: 'CONSENT_COHORT_EMPTY' }]);
    at.desk.withdrawn.clear();
    at.desk.kept.clear();
    for (const patient of PATIENTS) at.sets.set(patient, 'test');
    await at.pass(2_000);
    expect(at.joins()).toHaveLength(1);
    expect(at.agent.failures(STUDY)).toMatchObject([{ step: 'joinRound', code: 'CONSENT_COHORT_EMPTY', times: 3 }]);
  });

  test('listens for nothing once it has stopped', async () => {
    await joined();
    await at.agent.stop();
    expect(at.desk.listeners).toBe(0);
  });

  test('attests all the same what the others made of a round that it sits out', async () => {
    await joined();
    at.desk.withdraw('bert');
    await settled();
    at.study.join(1, B, C, D);
    at.study.contribute(1, B, C, D);
    at.study.close(1, 'contributing', [B, C, D]);
    await settled();
    expect(at.agent.failures(STUDY).map(({ step }) => step)).toContain('aggregate');
  });
});
