/**
 * One hospital's consent store over the real contract: what it sends is endorsed and committed in a block of its own, and
 * comes back through its mirror, at once or when the test says. Sends can be lost, before they commit or after.
 */
import {
  type CommandInput,
  type ConsentRef,
  LedgerEvent,
  LedgerPage,
  type Msp,
  type Role,
  refusal,
  refusalIn,
  type TransactionName,
} from '@consilium/domain';
import type { Committed, Log, Timers } from '../../gateway/src/agent/ports.js';
import { handedConsentKey } from '../../gateway/src/consent/consentKey.js';
import type { ConsentLedger, ConsentSender } from '../../gateway/src/consent/consentPorts.js';
import { ConsentStore } from '../../gateway/src/consent/consentStore.js';
import type { By } from '../../gateway/src/consent/consentTypes.js';
import { type ContractChannel, HOSPITALS } from './contractChannel.js';

export const OWN = HOSPITALS[0] as Msp;
export const STEWARD: By = { name: 'steward', role: 'data-steward' };
export const DESK: By = { name: 'desk', role: 'patient-desk' };
export const OFFICER: By = { name: 'officer', role: 'compliance-officer' };
const PEOPLE: Readonly<Record<string, Role>> = {
  steward: 'data-steward',
  desk: 'patient-desk',
  officer: 'compliance-officer',
  // People of the REST interface under test are called as their roles.
  'data-steward': 'data-steward',
  'patient-desk': 'patient-desk',
  'compliance-officer': 'compliance-officer',
};

/** What becomes of a send: it is lost before it commits, or its answer is, or it is answered. */
export type Fate = 'answered' | 'lost' | 'answer-lost' | 'overtaken';

type Listener = Parameters<ConsentLedger['onTransactions']>[0];
type Write = Readonly<{ key: string; value: unknown }>;

/** The hospital's mirror of the channel. */
export class ContractMirror implements ConsentLedger {
  readonly #channel: ContractChannel;
  readonly #listeners = new Set<Listener>();
  readonly #places = new Map<string, { block: number; transactionId: string }>();
  readonly #changes = new Set<() => void>();
  readonly #pretended = new Map<string, unknown>();

  constructor(channel: ContractChannel) {
    this.#channel = channel;
  }

  height(): number {
    return this.#channel.ledger.height;
  }

  /** A record as another room's transaction would have written it. */
  pretend(key: string, value: unknown): void {
    this.#pretended.set(key, value);
    this.take(this.height(), 'pretended', [{ key, value }]);
  }

  get(key: string): unknown {
    if (this.#pretended.has(key)) return this.#pretended.get(key);
    const text = this.#channel.ledger.read(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  range(start: string, end: string): { key: string; value: unknown }[] {
    const committed = this.#channel.ledger
      .range(start, end)
      .map(({ key, value }) => ({ key, value: JSON.parse(value) }));
    const pretended = [...this.#pretended].map(([key, value]) => ({ key, value }));
    return [...committed, ...pretended.filter(({ key }) => key >= start && key < end)];
  }

  recordOf(key: string) {
    return this.#places.get(key);
  }

  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  onTransactions(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  take(block: number, transactionId: string, writes: readonly Write[]): void {
    for (const { key } of writes) this.#places.set(key, { block, transactionId });
    for (const listener of [...this.#listeners]) listener([{ writes }]);
    for (const listener of [...this.#changes]) listener();
  }

  /** Whoever listened is gone: its process ended. */
  forgetListeners(): void {
    this.#listeners.clear();
    this.#changes.clear();
  }
}

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };

export class ConsentHospital {
  readonly channel: ContractChannel;
  readonly mirror: ContractMirror;
  readonly home: string;
  /** All that was sent, in order, with what the contract was asked. */
  readonly sent: { person: string; name: string; command: unknown }[] = [];
  /** All that was logged. */
  readonly lines: string[] = [];
  /** Whether the channel can be reached. */
  reachable = true;
  /** Decides what becomes of each send. */
  fate: () => Fate = () => 'answered';
  /** What the endorsers say to a command before they look at it. */
  refuses: (command: unknown) => Error | undefined = () => undefined;
  /** What the own peer gives for private copies, in place of those that it has. */
  copies: ReadonlyMap<ConsentRef, string> | undefined;
  key = '11'.repeat(32);
  steward: string | undefined = 'steward';
  #store: ConsentStore | undefined;
  #life = 0;
  #transactions = 0;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(channel: ContractChannel, home: string) {
    this.channel = channel;
    this.mirror = new ContractMirror(channel);
    this.home = home;
  }

  get store(): ConsentStore {
    this.#store ??= this.open();
    return this.#store;
  }

  open(): ConsentStore {
    this.#life += 1;
    const log = (level: string) => (fields: object, message: string) =>
      void this.lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    this.#store = ConsentStore.open({
      home: this.home,
      owner: { msp: OWN, channel: 'consilium' },
      key: handedConsentKey(this.key),
      ledger: this.mirror,
      sender: this.#sender(this.#life),
      clock: { now: () => this.channel.now, monotonic: () => performance.now() },
      timers: this.#ownTimers(),
      log: { info: log('info'), warn: log('warn'), error: log('error') },
    });
    return this.#store;
  }

  /** The process ends where it stands: nothing that is under way comes back. */
  crash(): void {
    this.#life += 1;
    this.mirror.forgetListeners();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#store?.close();
    this.#store = undefined;
  }

  async close(): Promise<void> {
    await this.#store?.stop();
    this.crash();
  }

  /** As a person, past the store: what another process of the hospital might do. */
  submit<Name extends TransactionName>(name: Name, command: CommandInput<Name>, role: Role): Promise<Committed> {
    return this.#commit(name, command, role);
  }

  /** Resolves once the queue is empty. */
  async settled(msMax = 60_000): Promise<void> {
    const until = Date.now() + msMax;
    for (;;) {
      const { waiting, inFlight } = this.store.queue();
      const erasing = this.store.erasures().some(({ state }) => state !== 'done');
      if (waiting === 0 && inFlight === 0 && !erasing && !this.#batchesWait()) return;
      if (Date.now() > until) throw new Error(`the queue is not empty: ${JSON.stringify(this.store.queue())}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Events in batches whose root is not on the channel yet. */
  #batchesWait(): boolean {
    return this.store
      .records({ items: 200 })
      .items.some(({ ref }) => this.store.history({ ref }).some(({ state }) => state === 'waiting'));
  }

  #sender(life: number): ConsentSender {
    const alive = <T>(work: Promise<T>) =>
      work.then(
        (value) => (life === this.#life ? value : new Promise<never>(() => {})),
        (error) => (life === this.#life ? Promise.reject(error) : new Promise<never>(() => {})),
      );
    const asAgent = <Name extends TransactionName>(
      name: Name,
      command: CommandInput<Name>,
      transient?: Record<string, string>,
    ) => alive(this.#send('agent', name, command, 'agent', transient));
    return {
      steward: this.steward,
      send: (person, name, command) => {
        const role = PEOPLE[person];
        if (!role) return Promise.reject(refusal('CONSENT_PERSON_UNKNOWN', { person }));
        return alive(this.#send(person, name, command, role));
      },
      asAgent: { submit: (name, command) => asAgent(name, command) },
      keepPrivate: (openings) =>
        asAgent(
          'ConsentContract:keepPrivate',
          { refs: [...openings.keys()] },
          { openings: JSON.stringify(Object.fromEntries(openings)) },
        ),
      readPrivate: (refs) => alive(this.#readPrivate(refs)),
      purgePrivate: (refs: readonly ConsentRef[]) => asAgent('ConsentContract:purgePrivate', { refs: [...refs] }),
    };
  }

  async #send<Name extends TransactionName>(
    person: string,
    name: Name,
    command: CommandInput<Name>,
    role: Role,
    transient?: Record<string, string>,
  ): Promise<Committed> {
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.reachable) throw refusal('LEDGER_UNAVAILABLE', { reason: 'it is away' });
    const fate = this.fate();
    if (fate === 'lost') throw refusal('LEDGER_UNAVAILABLE', { reason: 'it was lost' });
    if (fate === 'overtaken') throw refusal('LEDGER_CONFLICT', {});
    const refused = this.refuses(command);
    if (refused) throw refused;
    this.sent.push({ person, name, command });
    const committed = await this.#commit(name, command, role, transient);
    if (fate === 'answer-lost') throw refusal('LEDGER_COMMIT_UNKNOWN', { transactionId: committed.transactionId });
    return committed;
  }

  async #commit<Name extends TransactionName>(
    name: Name,
    command: CommandInput<Name>,
    role: Role,
    transient?: Record<string, string>,
  ): Promise<Committed> {
    const { channel } = this;
    const endorsed = await channel.ledger.simulate(
      {
        transaction: name,
        argument: JSON.stringify(command),
        creator: { msp: OWN, role, id: `x509::/CN=${role}/O=${OWN}` },
        txId: `consent${this.#transactions++}`,
        timestampMs: channel.now,
        ...(transient ? { transient } : {}),
      },
      { clockMs: channel.now },
    );
    if (!endorsed.ok) throw refusalIn(endorsed.error) ?? new Error(endorsed.error);
    const [committed] = channel.ledger.validateAndCommit([endorsed]);
    channel.now += 1;
    if (committed?.code !== 'VALID') throw refusal('LEDGER_CONFLICT', {});
    const { event, block, txId: transactionId } = committed;
    const writes = event ? LedgerEvent.parse(JSON.parse(event.payload)).writes : [];
    this.mirror.take(block, transactionId, writes);
    return { transactionId, blockNumber: block, result: JSON.parse(endorsed.response) };
  }

  async #readPrivate(refs: readonly ConsentRef[]): Promise<ReadonlyMap<ConsentRef, string>> {
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.reachable) throw refusal('LEDGER_UNAVAILABLE', { reason: 'it is away' });
    if (this.copies) return this.copies;
    const answer = await this.channel.ledger.simulate(
      {
        transaction: 'ConsentContract:readPrivate',
        argument: JSON.stringify({ refs }),
        creator: { msp: OWN, role: 'agent', id: `x509::/CN=agent/O=${OWN}` },
        txId: `consent${this.#transactions++}`,
        timestampMs: this.channel.now,
      },
      { clockMs: this.channel.now },
    );
    if (!answer.ok) throw refusalIn(answer.error) ?? new Error(answer.error);
    const { items } = LedgerPage.parse(JSON.parse(answer.response));
    return new Map(items.map(({ key, value }) => [key.split('~')[1] as ConsentRef, value as string]));
  }

  #ownTimers(): Timers {
    return {
      after: (ms, callback) => {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          callback();
        }, ms);
        timer.unref();
        this.#timers.add(timer);
        return () => {
          clearTimeout(timer);
          this.#timers.delete(timer);
        };
      },
    };
  }
}
