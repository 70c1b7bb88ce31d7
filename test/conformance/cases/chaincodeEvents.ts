import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChaincodeEvent, type Checkpointer, checkpointers } from '@hyperledger/fabric-gateway';
import { answerOf } from '../support/answer.js';
import { text } from '../support/caller.js';
import { type Case, pair, pairAtDeadline } from '../support/case.js';
import { VA } from '../support/hospitals.js';
import type { Stage } from '../support/stage.js';
import { first, take } from '../support/streams.js';

/** Commits a transaction with an event and resolves to the block. */
async function say({ cleveland }: Stage, name: string, payload = 'x'): Promise<bigint> {
  return (await cleveland.commit(await cleveland.endorse('Events:say', name, payload))).blockNumber;
}

/** The client library does not say when a peer has begun to follow, and what was committed before does not arrive. */
async function sayUntilHeard(stage: Stage, name: string, first: Promise<ChaincodeEvent | undefined>): Promise<unknown> {
  let isHeard = false;
  const heard = first.finally(() => {
    isHeard = true;
  });
  do await say(stage, name);
  while (!isHeard);
  return (await heard)?.eventName;
}

/** Names of the first events from a block on. */
async function namesFrom({ cleveland, chaincode }: Stage, startBlock: bigint, count: number): Promise<string[]> {
  const events = await take(await cleveland.network.getChaincodeEvents(chaincode, { startBlock }), count);
  return events.map(({ eventName }) => eventName);
}

/** Goes on where a checkpointer stands, twice: after the first event, and after the second one. */
async function resume(stage: Stage, checkpointer: Checkpointer, name: string): Promise<unknown> {
  const { cleveland, chaincode } = stage;
  const startBlock = await say(stage, `${name}1`);
  for (const each of ['2', '3']) await say(stage, name + each);
  const seen: string[] = [];
  for (let round = 0; round < 3; round++) {
    const events = await cleveland.network.getChaincodeEvents(chaincode, { checkpoint: checkpointer, startBlock });
    const event = (await first(events)) as ChaincodeEvent;
    await checkpointer.checkpointChaincodeEvent(event);
    seen.push(event.eventName);
  }
  return [seen, checkpointer.getBlockNumber() !== undefined, checkpointer.getTransactionId()?.length];
}

export const CHAINCODE_EVENTS: readonly Case[] = [
  pair('Network.getChaincodeEvents', 'fields of an event', async (stage) => {
    const { cleveland, chaincode } = stage;
    const transaction = await cleveland.endorse('Events:put', 'ce-a', 'b');
    const { blockNumber } = await cleveland.commit(transaction);
    const event = await first(await cleveland.network.getChaincodeEvents(chaincode, { startBlock: blockNumber }));
    return {
      name: event?.eventName,
      payload: text(event?.payload ?? new Uint8Array()),
      chaincode: event?.chaincodeName === chaincode,
      transaction: event?.transactionId === transaction.getTransactionId(),
      block: event?.blockNumber === blockNumber,
    };
  }),
  pair('Network.getChaincodeEvents', 'from a block on, in order', async (stage) => {
    const start = await say(stage, 'ce-one');
    await say(stage, 'ce-two');
    return await namesFrom(stage, start, 2);
  }),
  pair('Network.getChaincodeEvents', 'of a block after the start only', async (stage) => {
    const start = await say(stage, 'ce-before');
    await say(stage, 'ce-after');
    return await namesFrom(stage, start + 1n, 1);
  }),
  pair('Network.getChaincodeEvents', 'from now on, as they happen', async (stage) => {
    const { cleveland, chaincode } = stage;
    await say(stage, 'ce-past');
    const events = await cleveland.network.getChaincodeEvents(chaincode);
    return await sayUntilHeard(stage, 'ce-live', first(events));
  }),
  pair('Network.getChaincodeEvents', 'at another hospital, as they happen', async (stage) => {
    return await sayUntilHeard(
      stage,
      'ce-everywhere',
      first(await stage.va.network.getChaincodeEvents(stage.chaincode)),
    );
  }),
  pair('Network.getChaincodeEvents', 'from a block that does not exist yet', async (stage) => {
    const height = BigInt(await stage.height(stage.cleveland));
    const waiting = first(
      await stage.cleveland.network.getChaincodeEvents(stage.chaincode, { startBlock: height + 1n }),
    );
    await say(stage, 'ce-skipped');
    await say(stage, 'ce-awaited');
    return (await waiting)?.eventName;
  }),
  pair('Network.getChaincodeEvents', 'after a checkpoint in memory', (stage) =>
    resume(stage, checkpointers.inMemory(), 'ce-memory'),
  ),
  pair('Network.getChaincodeEvents', 'after a checkpoint in a file', async (stage) => {
    const file = join(tmpdir(), `checkpoint-${randomUUID()}`);
    try {
      return await resume(stage, await checkpointers.file(file), 'ce-file');
    } finally {
      await rm(file, { force: true });
    }
  }),
  pair('Network.getChaincodeEvents', 'after a whole block', async (stage) => {
    const block = await say(stage, 'ce-block1');
    await say(stage, 'ce-block2');
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointBlock(block);
    return (await first(await stage.cleveland.network.getChaincodeEvents(stage.chaincode, { checkpoint })))?.eventName;
  }),
  pair('Network.getChaincodeEvents', 'after a transaction that is not in the block', async (stage) => {
    const block = await say(stage, 'ce-lost1');
    await say(stage, 'ce-lost2');
    const checkpoint = { getBlockNumber: () => block, getTransactionId: () => 'cd'.repeat(32) };
    const events = await stage.cleveland.network.getChaincodeEvents(stage.chaincode, { checkpoint });
    setTimeout(() => events.close(), 1_000);
    return (await first(events))?.eventName;
  }),
  pair('Network.getChaincodeEvents', 'none of an invalid transaction', async (stage) => {
    const { cleveland } = stage;
    const stale = await cleveland.endorse('Events:incrementAndSay', 'ce-invalid', 'ce-stale');
    const start = (await cleveland.commit(await cleveland.endorse('Events:incrementAndSay', 'ce-invalid', 'ce-good')))
      .blockNumber;
    const { code } = await cleveland.commit(stale);
    await say(stage, 'ce-next');
    return [code, await namesFrom(stage, start, 2)];
  }),
  pair('Network.getChaincodeEvents', 'none of a refused transaction', async (stage) => {
    const start = await say(stage, 'ce-start');
    await answerOf(() => stage.cleveland.submit('Events:sayThenFail', 'ce-refused'));
    await say(stage, 'ce-end');
    return await namesFrom(stage, start, 2);
  }),
  pair('Network.getChaincodeEvents', 'of a chaincode without events, none', async (stage) => {
    const events = await stage.cleveland.network.getChaincodeEvents('nope', { startBlock: 0n });
    const waiting = answerOf(() => first(events));
    setTimeout(() => events.close(), 300);
    return await waiting;
  }),
  pair('Network.getChaincodeEvents', 'unknown channel', async ({ cleveland, chaincode }) =>
    first(await cleveland.gateway.getNetwork('nope').getChaincodeEvents(chaincode)),
  ),
  pair('Network.getChaincodeEvents', 'closed while it is waited for', async ({ cleveland, chaincode }) => {
    const events = await cleveland.network.getChaincodeEvents(chaincode);
    const waiting = first(events);
    setTimeout(() => events.close(), 100);
    return await waiting;
  }),
  pairAtDeadline('ChaincodeEventsRequest.getEvents', 'deadline passes', async ({ cleveland, chaincode }) =>
    first(await cleveland.network.newChaincodeEventsRequest(chaincode).getEvents({ deadline: Date.now() + 300 })),
  ),
  pair('stub.setEvent', 'the last of two counts', async (stage) => {
    const { cleveland } = stage;
    const { blockNumber } = await cleveland.commit(await cleveland.endorse('Events:sayTwice', 'ce-first', 'ce-second'));
    return await namesFrom(stage, blockNumber, 1);
  }),
  pair('stub.setEvent', 'without payload', async ({ cleveland, chaincode }) => {
    const { blockNumber } = await cleveland.commit(await cleveland.endorse('Events:sayNothing', 'ce-nothing'));
    const event = await first(await cleveland.network.getChaincodeEvents(chaincode, { startBlock: blockNumber }));
    return [event?.eventName, event?.payload.length];
  }),
  pair('stub.setEvent', 'with a mebibyte of payload', async ({ cleveland, chaincode }) => {
    const transaction = await cleveland.endorse('Events:saySize', 'ce-large', String(1024 * 1024));
    const { blockNumber } = await cleveland.commit(transaction);
    const event = await first(await cleveland.network.getChaincodeEvents(chaincode, { startBlock: blockNumber }));
    return event?.payload.length;
  }),
  pair('stub.setEvent', 'empty name is refused', ({ cleveland }) => cleveland.evaluate('Events:say', '', 'x')),
  pair('stub.setEvent', 'evaluated, it is not told', async (stage) => {
    const start = await say(stage, 'ce-told');
    await stage.cleveland.evaluateAt(VA, 'Events:say', 'ce-evaluated', 'x');
    await say(stage, 'ce-told-too');
    return await namesFrom(stage, start, 2);
  }),
];
