/** What happens at this hospital, told to whoever listens: server-sent events that can be taken up again. */
import { randomUUID } from 'node:crypto';
import { refusal, StudyId } from '@consilium/domain';
import { createSession, type Session } from 'better-sse';
import type { RequestHandler, Response } from 'express';
import type { AgentNews, NewsDesk } from '../agent/ports.js';
import { EVENT_BACKLOG_BYTES_MAX, EVENT_KEEP_ALIVE_MS, EVENT_STREAMS_MAX, EVENTS_KEPT_MAX } from './apiLimits.js';
import { parsed } from './input.js';
import type { TransactionNews } from './ports.js';

type Told = Readonly<{ number: number; type: 'ledger' | 'agent'; studies: ReadonlySet<string>; content: object }>;
type Listener = Readonly<{ session: Session; response: Response; study: string | undefined }>;

/** A client that reconnects waits so long. */
const RETRY_MS = 1_000;

export class EventHub implements NewsDesk {
  /** Ids of an earlier life of this gateway are told apart from this one's. */
  readonly #life = randomUUID().slice(0, 8);
  readonly #kept: Told[] = [];
  readonly #listeners = new Set<Listener>();
  #next = 1;

  publish(news: AgentNews): void {
    this.#tell('agent', new Set([news.study]), news);
  }

  /** Tells of the blocks that the mirror has taken in; not of patients' records, which are asked for by who may. */
  publishTransactions(transactions: readonly TransactionNews[]): void {
    const blocks = new Map<number, TransactionNews[]>();
    for (const transaction of transactions)
      blocks.set(transaction.block, [...(blocks.get(transaction.block) ?? []), transaction]);
    for (const [block, inBlock] of blocks) {
      const writes = inBlock.flatMap(({ transactionId, writes }) =>
        writes.filter(({ key }) => !isOfPatient(key)).map(({ key }) => ({ key, transactionId })),
      );
      const studies = new Set(writes.map(({ key }) => key.split('~')[1] ?? ''));
      this.#tell('ledger', studies, { block, writes });
    }
  }

  /** `?study=` chooses one study; `Last-Event-ID` says where a client was. */
  get stream(): RequestHandler {
    return async (request, response) => {
      const study = parsed(StudyId.optional(), request.query.study, 'query.study');
      if (this.#listeners.size >= EVENT_STREAMS_MAX)
        throw refusal('EVENT_STREAMS_TOO_MANY', { streamsMax: EVENT_STREAMS_MAX });
      const session = await createSession(request, response, { keepAlive: EVENT_KEEP_ALIVE_MS, retry: RETRY_MS });
      const listener = { session, response, study };
      this.#resume(listener);
      if (!session.isConnected) return;
      this.#listeners.add(listener);
      session.once('disconnected', () => this.#listeners.delete(listener));
    };
  }

  /** Ends all streams. */
  close(): void {
    for (const { response } of this.#listeners) response.end();
    this.#listeners.clear();
  }

  #tell(type: Told['type'], studies: ReadonlySet<string>, content: object): void {
    const told: Told = { number: this.#next, type, studies, content };
    this.#next += 1;
    this.#kept.push(told);
    if (this.#kept.length > EVENTS_KEPT_MAX) this.#kept.shift();
    for (const listener of this.#listeners) this.#push(listener, told);
  }

  /** Tells what was missed; or, where that is no longer kept, that something was. */
  #resume(listener: Listener): void {
    const { lastId } = listener.session;
    if (lastId === '') return;
    const [life, number] = lastId.split('-');
    const last = Number(number);
    const oldest = this.#kept[0]?.number ?? this.#next;
    if (life === this.#life && last >= oldest - 1 && last < this.#next) {
      for (const told of this.#kept) if (told.number > last) this.#push(listener, told);
    } else listener.session.push({}, 'reset', `${this.#life}-${this.#next - 1}`);
  }

  #push(listener: Listener, { number, type, studies, content }: Told): void {
    const { session, response, study } = listener;
    if (study !== undefined && !studies.has(study)) return;
    if (!session.isConnected) return;
    if (response.writableLength > EVENT_BACKLOG_BYTES_MAX) {
      this.#listeners.delete(listener);
      response.destroy();
      return;
    }
    session.push(content, type, `${this.#life}-${number}`);
  }
}

const OF_PATIENTS: readonly string[] = ['consent', 'hold', 'tombstone'];

/** A record of one patient, by a ref: for those alone who may read consents. */
function isOfPatient(key: string): boolean {
  return OF_PATIENTS.includes(key.split('~', 1)[0] ?? '');
}
