import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { GatewayEvent } from '@consilium/client/resources';
import type { StudyId } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EVENT_STREAMS_MAX, EVENTS_KEPT_MAX } from './apiLimits.js';
import { ApiUnderTest, tokenOf } from './testing/apiUnderTest.js';
import { HEART, writeStudy } from './testing/channelExample.js';

const LUNG = 'lung' as StudyId;

let api: ApiUnderTest;
let streams: Stream[];
beforeEach(async () => {
  api = new ApiUnderTest();
  streams = [];
  await api.start();
});
afterEach(async () => {
  for (const stream of streams) stream.close();
  await api.stop();
});

type Stream = { events: GatewayEvent[]; status: number; close(): void };

async function listen(path = '/events', lastEventId?: string): Promise<Stream> {
  const events: GatewayEvent[] = [];
  const stream = await new Promise<Stream>((resolve, reject) => {
    const sending = request(
      {
        ...api.address,
        path: `/api/v1${path}`,
        agent: false,
        headers: {
          authorization: `Bearer ${tokenOf('researcher')}`,
          ...(lastEventId ? { 'last-event-id': lastEventId } : {}),
        },
      },
      (answer) => {
        let rest = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          const blocks = (rest + chunk).split('\n\n');
          rest = blocks.pop() as string;
          for (const block of blocks) {
            const fields = new Map(
              block.split('\n').map((line) => line.split(/:(.*)/s).slice(0, 2) as [string, string]),
            );
            const text = fields.get('data');
            if (text !== undefined)
              events.push(GatewayEvent.parse({ ...JSON.parse(text), type: fields.get('event'), id: fields.get('id') }));
          }
        });
        answer.on('error', () => undefined);
        resolve({ events, status: answer.statusCode ?? 0, close: () => sending.destroy() });
      },
    );
    sending.on('error', reject);
    sending.end();
  });
  streams.push(stream);
  return stream;
}

const news = (study: StudyId, round: number) =>
  api.events.publish({ study, round, event: 'step-started', step: 'join', at: 1 });
const roundsOf = (events: GatewayEvent[]) => events.map((event) => (event.type === 'agent' ? event.round : event.type));

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 5) {
    if (waited > 30_000) throw new Error('it did not happen');
    await wait(5);
  }
}

describe('the stream of events', () => {
  test('tells what the channel wrote and what the agent does', async () => {
    const { events } = await listen();
    writeStudy(api.state, []);
    news(HEART, 3);
    await until(() => events.length === 2);
    expect(events[0]).toMatchObject({
      type: 'ledger',
      block: 0,
      writes: [{ key: 'study~heart' }, { key: 'study~heart~0000000001' }],
    });
    expect(events[1]).toMatchObject({ type: 'agent', study: HEART, round: 3, step: 'join' });
  });

  test('names no record of a patient, to nobody', async () => {
    const { events } = await listen();
    const ref = '0'.repeat(32);
    api.state.write({
      [`consent~ClevelandMSP~${ref}~0000000000`]: {},
      [`hold~ClevelandMSP~${ref}`]: {},
      [`tombstone~ClevelandMSP~${ref}`]: {},
      'epoch~ClevelandMSP': { msp: 'ClevelandMSP', epoch: 1 },
    });
    await until(() => events.length === 1);
    expect(events[0]).toMatchObject({ type: 'ledger', writes: [{ key: 'epoch~ClevelandMSP' }] });
    expect(JSON.stringify(events)).not.toContain(ref);
  });

  test('tells of one study alone where that is asked for', async () => {
    const { events } = await listen('/events?study=lung');
    news(HEART, 1);
    news(LUNG, 2);
    writeStudy(api.state, []);
    news(LUNG, 3);
    await until(() => events.length === 2);
    expect(roundsOf(events)).toEqual([2, 3]);
    expect((await api.get('/events?study=../x')).json).toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('is taken up after the last event that was seen: none is lost, none comes twice', async () => {
    const first = await listen();
    for (const round of [1, 2, 3]) news(HEART, round);
    await until(() => first.events.length === 3);
    first.close();
    for (const round of [4, 5]) news(HEART, round);
    const second = await listen('/events', first.events[1]?.id);
    news(HEART, 6);
    await until(() => second.events.length === 4);
    expect(roundsOf(second.events)).toEqual([3, 4, 5, 6]);
  });

  test('says that something was missed where it is no longer kept, and goes on from there', async () => {
    const first = await listen();
    news(HEART, 0);
    await until(() => first.events.length === 1);
    for (let round = 1; round <= EVENTS_KEPT_MAX + 1; round++) news(LUNG, round);
    for (const id of [first.events[0]?.id as string, 'another-life', '00000000-5', 'x'.repeat(50)]) {
      const late = await listen('/events?study=heart', id);
      news(HEART, 9);
      await until(() => late.events.length >= 2);
      expect(roundsOf(late.events)).toEqual(['reset', 9]);
    }
  });

  test('lets go a reader that does not read, and keeps the others', async () => {
    const reading = await listen();
    const silent = await new Promise<IncomingMessage>((resolve) => {
      const headers = { authorization: `Bearer ${tokenOf('researcher')}` };
      request({ ...api.address, path: '/api/v1/events', agent: false, headers }, resolve).end();
    });
    const closed = new Promise<void>((resolve) => silent.on('close', () => resolve()).on('error', () => undefined));
    silent.pause();
    const detail = { filling: 'x'.repeat(64 * 1024) };
    for (let round = 0; round < 300; round++) {
      api.events.publish({ study: HEART, round, event: 'step-started', step: 'x', at: 1, detail });
      await wait(1);
    }
    silent.resume();
    await closed;
    await until(() => reading.events.length === 300);
  });

  test('is not opened more often than the gateway carries', async () => {
    for (let number = 0; number < EVENT_STREAMS_MAX; number++) await listen();
    expect(await api.get('/events')).toMatchObject({ status: 429, json: { code: 'EVENT_STREAMS_TOO_MANY' } });
    streams[0]?.close();
    // The gateway sees the end of a stream a moment later.
    let { status } = await listen();
    for (let tries = 0; status === 429 && tries < 1_000; tries++) {
      await wait(5);
      ({ status } = await listen());
    }
    expect(status).toBe(200);
  });
});
