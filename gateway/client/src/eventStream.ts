/** Reads a server-sent event stream (WHATWG HTML, section 9.2), and takes it up again where it broke off. */
import { setTimeout as wait } from 'node:timers/promises';
import { ApiError } from './apiError.js';
import { GatewayEvent } from './resources/event.js';
import { bytesOf, refusalOf, type Transport } from './transport.js';

const RECONNECT_MS = 500;
const RECONNECT_MS_MAX = 5_000;
/** The gateway sends a comment every 10 s: after this long without a byte the connection is dead. */
const SILENCE_MS_MAX = 30_000;
const PROBLEM_BYTES_MAX = 64 * 1024;
const EVENT_CHARACTERS_MAX = 16 * 1024 * 1024;

export type StreamedEvent = Readonly<{ id: string; event: string; text: string }>;

/** Splits a stream's text into events. Text comes in pieces of any size. */
export class EventParser {
  #rest = '';
  #id = '';
  #event = '';
  #lines: string[] = [];

  /** @throws RangeError for an event without end */
  push(text: string): StreamedEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() as string;
    if (this.#rest.length > EVENT_CHARACTERS_MAX) throw new RangeError('an event without end');
    const events: StreamedEvent[] = [];
    for (const line of lines) {
      if (line === '') {
        if (this.#lines.length > 0)
          events.push({ id: this.#id, event: this.#event || 'message', text: this.#lines.join('\n') });
        this.#event = '';
        this.#lines = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') this.#lines.push(value);
      else if (field === 'event') this.#event = value;
      else if (field === 'id') this.#id = value;
    }
    return events;
  }
}

/**
 * Events of a gateway, for ever: reconnects with the id of the last one seen, so that none is lost or comes twice. Ends
 * when the signal aborts.
 * @throws ApiError where the gateway refuses: a reconnect would not help
 */
export async function* readEvents(
  transport: Transport,
  study: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<GatewayEvent, void, void> {
  let lastId = '';
  let pauseMs = RECONNECT_MS;
  while (!signal?.aborted) {
    const silence = new AbortController();
    const both = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
    const timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
    try {
      const headers = { accept: 'text/event-stream', ...(lastId ? { 'last-event-id': lastId } : {}) };
      const answer = await transport.open('GET', '/events', { query: { study }, headers, signal: both });
      if (answer.statusCode >= 400) throw refusalOf(answer.statusCode, await bytesOf(answer.body, PROBLEM_BYTES_MAX));
      const decoder = new TextDecoder();
      const parser = new EventParser();
      for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
        timer.refresh();
        for (const { id, event, text } of parser.push(decoder.decode(chunk, { stream: true }))) {
          lastId = id;
          pauseMs = RECONNECT_MS;
          const parsed = GatewayEvent.safeParse({ ...JSON.parse(text), type: event, id });
          if (parsed.success) yield parsed.data;
        }
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof ApiError && isFinal(error)) throw error;
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
    await wait(pauseMs, undefined, signal ? { signal } : {}).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, RECONNECT_MS_MAX);
  }
}

const TOO_MANY_REQUESTS = 429;

/** Whether asking again would be refused again. */
function isFinal({ status }: ApiError): boolean {
  return status !== undefined && status < 500 && status !== TOO_MANY_REQUESTS;
}
