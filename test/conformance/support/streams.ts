import type { CloseableAsyncIterable } from '@hyperledger/fabric-gateway';

const EVENTS_MS_MAX = 60_000;

/** The first events of a stream, which is closed then. Rejects with what the stream ends with before. */
export async function take<Event>(stream: CloseableAsyncIterable<Event>, count: number): Promise<Event[]> {
  const timer = setTimeout(() => stream.close(), EVENTS_MS_MAX);
  const events: Event[] = [];
  try {
    for await (const event of stream) {
      events.push(event);
      if (events.length === count) break;
    }
  } finally {
    clearTimeout(timer);
    stream.close();
  }
  return events;
}

/** The only event that is waited for. */
export async function first<Event>(stream: CloseableAsyncIterable<Event>): Promise<Event | undefined> {
  return (await take(stream, 1))[0];
}
