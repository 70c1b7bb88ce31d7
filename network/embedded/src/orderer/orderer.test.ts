import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ChannelConfiguration } from '../membership/channelConfiguration.js';
import { TestAuthority } from '../testing/testAuthority.js';
import { TestLedger } from '../testing/testLedger.js';
import { transactionOf } from '../testing/testProposal.js';
import { common, encode } from '../wire/proto.js';
import { Orderer } from './orderer.js';

const network = await TestLedger.create();
let chain: TestLedger;
let endorsing: number;
let delivering: Promise<void>;
let nowMs: number;

beforeEach(() => {
  chain = network.fresh();
  endorsing = 0;
  delivering = Promise.resolve();
  nowMs = Date.now();
});

function orderer(batch = { timeoutMs: 40, messagesMax: 5 }): Orderer {
  return new Orderer({
    channel: 'testchannel',
    store: chain.store,
    reader: chain.reader,
    membership: chain.membership,
    batch,
    clock: () => nowMs,
    signer: chain.peers[0]!,
    configuration: new ChannelConfiguration(chain.membership, chain.reader),
    deliver: () => delivering,
    endorsing: () => endorsing,
  });
}

const some = () => chain.transaction((set) => set.addWrite('demo', 'a', Buffer.from('1')));
const sizes = () =>
  Array.from({ length: chain.store.height - 1 }, (_, index) => chain.store.block(index + 1)!.envelopes.length);

describe('the orderer', () => {
  test('cuts a block at once when nothing else is on its way', async () => {
    expect(orderer().order(some())).toEqual({ status: 'SUCCESS', info: '' });
    await turn();
    expect(sizes()).toEqual([1]);
    expect(chain.store.block(1)?.signatures.length).toBeGreaterThan(0);
    expect(() => chain.store.verify()).not.toThrow();
  });

  test('puts what arrives together into one block, as many as fit', async () => {
    const one = orderer();
    for (let count = 0; count < 12; count++) one.order(some());
    await one.flush();
    expect(sizes()).toEqual([5, 5, 2]);
  });

  test('waits a little for transactions that are being endorsed, but not longer than the batch timeout', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    try {
      endorsing = 10;
      const one = orderer();
      one.order(some());
      await turn();
      expect(sizes()).toEqual([]);
      nowMs += 20;
      jest.advanceTimersByTime(20);
      await turn();
      expect(sizes()).toEqual([1]);
      endorsing = 1_000;
      one.order(some());
      await turn();
      nowMs += 40;
      jest.advanceTimersByTime(40);
      await turn();
      expect(sizes()).toEqual([1, 1]);
    } finally {
      jest.useRealTimers();
    }
  });

  test('collects while the peers commit the block before', async () => {
    let finish = () => {};
    delivering = new Promise((resolve) => {
      finish = resolve;
    });
    const one = orderer({ timeoutMs: 5_000, messagesMax: 50 });
    one.order(some());
    await turn();
    for (let count = 0; count < 3; count++) {
      one.order(some());
      await turn();
    }
    expect(sizes()).toEqual([1]);
    finish();
    await turn();
    await turn();
    expect(sizes()).toEqual([1, 3]);
  });

  test('orders what waits before it stops, and takes nothing after', async () => {
    endorsing = 1_000;
    const one = orderer();
    one.order(some());
    await one.close();
    expect(sizes()).toEqual([1]);
    expect(one.order(some())).toEqual({
      status: 'SERVICE_UNAVAILABLE',
      info: 'failed to submit request: pool is full',
    });
  });

  test('takes a transaction again while it waits, and says so when it was ordered', async () => {
    endorsing = 1_000;
    const one = orderer();
    const envelope = some();
    expect([one.order(envelope).status, one.order(envelope).status]).toEqual(['SUCCESS', 'SUCCESS']);
    await one.flush();
    await turn();
    expect(sizes()).toEqual([1]);
    expect(one.order(envelope)).toEqual({
      status: 'SERVICE_UNAVAILABLE',
      info: 'failed to submit request: request already processed',
    });
  });

  test('refuses whoever is no member, and tampered envelopes', async () => {
    const stranger = await (await TestAuthority.create('AMSP')).signer();
    const forbidden = {
      status: 'FORBIDDEN',
      info: "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied",
    };
    const one = orderer();
    expect(one.order(transactionOf(stranger, { results: Buffer.alloc(0), endorsers: [] }))).toEqual(forbidden);
    const tampered = common.Envelope.deserializeBinary(some());
    tampered.setPayload(Buffer.concat([tampered.getPayload_asU8(), Buffer.from([0x7a, 0])]));
    expect(one.order(encode(tampered))).toEqual(forbidden);
  });

  test.each<[string, () => Buffer, RegExp]>([
    ['nonsense', () => Buffer.from('ff', 'hex'), /could not determine channel ID/],
    ['another channel', () => typed({ channel: 'other' }), /channel does not exist/],
    ['a configuration', () => typed({ type: common.HeaderType.CONFIG }), /cannot be processed directly/],
    [
      'a configuration update',
      () => typed({ type: common.HeaderType.CONFIG_UPDATE }),
      /error applying config update to existing channel 'testchannel': .*error converting envelope/,
    ],
    [
      'more than it may be long',
      () => chain.transaction((set) => set.addWrite('demo', 'a', Buffer.alloc(11 * 1024 * 1024, 1))),
      /message payload is \d+ bytes and exceeds maximum allowed 10485760 bytes/,
    ],
  ])('refuses %s', (_, envelope, info) => {
    const answer = orderer().order(envelope());
    expect(answer.status).toBe('BAD_REQUEST');
    expect(answer.info).toMatch(info);
  });

  test('refuses an expired identity', () => {
    const one = orderer();
    const envelope = some();
    nowMs += 2 * 3_600_000;
    expect(one.order(envelope)).toEqual({ status: 'BAD_REQUEST', info: 'broadcast client identity expired' });
  });
});

function typed(options: { channel?: string; type?: number }): Buffer {
  return transactionOf(chain.client, { results: Buffer.alloc(0), endorsers: [] }, options);
}
