import { type CommandInput, ledgerKey, refusal, type TransactionName } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { shareSealing } from '../privacy/shareSealing.js';
import { Agent } from './agent.js';
import type { AgentPorts } from './agentPorts.js';
import { noConsentDesk } from './noConsentDesk.js';
import type { AgentNews, Committed, VectorMade, VectorTask } from './ports.js';
import { MemoryBlobs } from './testing/memoryBlobs.js';
import { MemoryJournal } from './testing/memoryJournal.js';
import { MemorySecrets } from './testing/memorySecrets.js';
import { newReceiptKey } from './testing/receiptKey.js';
import { A, B, C, D, OPENED_AT, STUDY, StudyOnChannel, versionOutcome } from './testing/studyOnChannel.js';

type Sent = Readonly<{
  name: TransactionName;
  command: unknown;
  answer: (committed: Committed) => void;
  refuse: (error: Error) => void;
  signal: AbortSignal | undefined;
}>;

/** Hospital A's agent; the test answers what it sends, and turns its clock. */
class Running {
  readonly study = new StudyOnChannel({}, [A, B, C, D], [B, C]);
  readonly sent: Sent[] = [];
  readonly news: AgentNews[] = [];
  readonly complaints: string[] = [];
  readonly tasks: { task: VectorTask; signal: AbortSignal | undefined; finish: (made: VectorMade) => void }[] = [];
  readonly blobs = new MemoryBlobs();
  monotonic = 0;
  #timers: { at: number; callback: () => void }[] = [];
  readonly ports: AgentPorts = {
    state: this.study.state,
    blobs: this.blobs,
    journal: new MemoryJournal(),
    receiptKeys: newReceiptKey().keys,
    secrets: new MemorySecrets(),
    sealing: shareSealing,
    personal: { get: () => undefined, set: () => undefined, remove: () => undefined },
    patients: { patients: async () => new Map() },
    consent: noConsentDesk,
    channel: {
      recentCommitMs: () => 100,
      submit: <Name extends TransactionName>(name: Name, command: CommandInput<Name>, signal?: AbortSignal) =>
        new Promise<Committed>((answer, refuse) => {
          signal?.addEventListener('abort', () => refuse(signal.reason));
          this.sent.push({ name, command, answer, refuse, signal });
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
    clock: { now: () => OPENED_AT + this.monotonic, monotonic: () => this.monotonic },
    timers: {
      after: (ms, callback) => {
        const timer = { at: this.monotonic + ms, callback };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
        };
      },
    },
    log: {
      info: () => undefined,
      warn: ({ code }) => this.complaints.push(String(code)),
      error: (_fields, message) => this.complaints.push(message),
    },
    news: { publish: (news) => this.news.push(news) },
  };
  readonly agent = new Agent(this.ports, { msp: A, channel: 'consilium' });

  async pass(ms: number): Promise<void> {
    this.monotonic += ms;
    const due = this.#timers.filter(({ at }) => at <= this.monotonic);
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { callback } of due) callback();
    await settled();
  }

  names(): string[] {
    return this.sent.map(({ name }) => name.split(':')[1] as string);
  }

  committed(blockNumber: number): Committed {
    return { transactionId: 't', blockNumber, result: undefined };
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Agent', () => {
  let at: Running;
  beforeEach(async () => {
    at = new Running();
    at.agent.start();
    await settled();
  });
  afterEach(() => at.agent.stop());

  test('does what it owes, once', async () => {
    expect(at.names()).toEqual(['registerMember']);
    await at.pass(60_000);
    at.study.vote('resume~0000000009', [B]);
    await settled();
    expect(at.names()).toEqual(['registerMember']);
  });

  test('does not send again what is committed, before its mirror has taken the block in', async () => {
    const height = at.study.state.height();
    at.sent[0]?.answer(at.committed(height));
    await at.pass(10_000);
    expect(at.names()).toEqual(['registerMember']);
    at.study.register(A);
    await settled();
    expect(at.names().filter((name) => name === 'registerMember')).toHaveLength(1);
  });

  test('tries again what failed, after a wait', async () => {
    at.sent[0]?.refuse(refusal('LEDGER_UNAVAILABLE', { reason: 'no peer' }));
    await settled();
    await at.pass(199);
    expect(at.names()).toHaveLength(1);
    await at.pass(1);
    expect(at.names()).toEqual(['registerMember', 'registerMember']);
    expect(at.sent[1]?.command).toEqual(at.sent[0]?.command);
    expect(at.complaints).toEqual(['LEDGER_UNAVAILABLE']);
  });

  test('says nothing of being overtaken, and reads the ledger again', async () => {
    at.sent[0]?.refuse(refusal('LEDGER_CONFLICT', {}));
    at.study.register(A);
    await settled();
    expect(at.names().filter((name) => name === 'registerMember')).toHaveLength(1);
    expect(at.complaints).toEqual([]);
  });

  test('computes and attests the initial version, and tells when it saw what', async () => {
    at.study.register(A);
    at.study.open(0, 'initial');
    await settled();
    expect(at.names()).toContain('attest');
    at.study.attest(0, versionOutcome('version 0'), B, C, D);
    await settled();
    const events = at.news.map(({ event, step }) => `${event} ${step}`);
    expect(events).toEqual(
      expect.arrayContaining(['step-finished aggregate', 'step-started attest', 'phase-seen-over attesting']),
    );
    expect(at.agent.timings(STUDY, 0)?.phases.attesting).toMatchObject({ readyAt: 0, seenAt: 0 });
  });

  test('gives training up when the round is aborted', async () => {
    const training = await inTraining();
    at.study.close(1, 'joining', [], 'VOTED');
    await settled();
    expect(training.signal?.aborted).toBe(true);
    expect(at.complaints).toEqual([]);
  });

  test('refuses a vector that is not as long as the protocol says', async () => {
    const training = await inTraining();
    training.finish({
      vector: new Int32Array(3),
      personal: undefined,
      trainingPatients: 1,
      evaluation: undefined,
      clipped: false,
      seconds: 1,
    });
    await settled();
    expect(at.complaints).toEqual(['VECTOR_LENGTH_WRONG']);
    expect(at.agent.failures(STUDY)).toMatchObject([{ step: 'makeVector', times: 1 }]);
  });

  test('stops: nothing runs any more, and nothing is begun', async () => {
    const training = await inTraining();
    await at.agent.stop();
    expect(training.signal?.aborted).toBe(true);
    expect(at.sent.every(({ signal }) => signal?.aborted)).toBe(true);
    const sent = at.sent.length;
    at.study.vote('end', [B, C, D]);
    await at.pass(60_000);
    expect(at.sent).toHaveLength(sent);
  });

  test('looks again by itself after what it could not read', async () => {
    at.study.state.put(ledgerKey.member(STUDY, C), { nonsense: true });
    await settled();
    expect(at.complaints).toEqual(['the agent could not find out what it owes']);
    at.study.register(C);
    at.study.register(A);
    at.study.open(0, 'initial');
    await at.pass(1_000);
    expect(at.names()).toContain('attest');
  });

  /** A is registered, and trains round 1 on a base that is on its disk. */
  async function inTraining() {
    at.study.register(A);
    const base = { version: 0, digest: await at.blobs.put(new TextEncoder().encode('the base')) };
    at.study.open(1, 'training', { base });
    await settled();
    expect(at.tasks.map(({ task }) => task.round)).toEqual([1]);
    return at.tasks[0] as (typeof at.tasks)[number];
  }
});
