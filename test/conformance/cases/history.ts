import { type Case, pair } from '../support/case.js';
import { changedProposal, clockMoved } from '../support/messages.js';

interface Modification {
  readonly txId: string;
  readonly value: string;
  readonly isDelete: boolean;
  readonly seconds: number;
}

export const HISTORY: readonly Case[] = [
  pair('stub.getHistoryForKey', 'newest first, deletes without value', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'hi-a', 'one');
    await cleveland.submit('State:put', 'hi-a', 'two');
    await cleveland.submit('State:remove', 'hi-a');
    await cleveland.submit('State:put', 'hi-a', 'three');
    const found: Modification[] = await cleveland.evaluateJson('History:of', 'hi-a');
    return found.map(({ value, isDelete }) => [value, isDelete]);
  }),
  pair('stub.getHistoryForKey', "names transactions and their clients' times", async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('State:put', { arguments: ['hi-time', 'x'] });
    const before = cleveland.gateway.newProposal(changedProposal(proposal.getBytes(), clockMoved(-600)));
    await cleveland.commit(await before.endorse());
    const [found]: Modification[] = await cleveland.evaluateJson('History:of', 'hi-time');
    const age = Date.now() / 1000 - (found?.seconds ?? 0);
    return [found?.txId === proposal.getTransactionId(), age > 599 && age < 660];
  }),
  pair('stub.getHistoryForKey', 'absent key has none', ({ cleveland }) =>
    cleveland.evaluateJson('History:of', 'hi-no'),
  ),
  pair('stub.getHistoryForKey', 'absent key that was deleted has a delete', async ({ cleveland }) => {
    await cleveland.submit('State:remove', 'hi-deleted');
    const found: Modification[] = await cleveland.evaluateJson('History:of', 'hi-deleted');
    return found.map(({ value, isDelete }) => [value, isDelete]);
  }),
  pair('stub.getHistoryForKey', 'empty value counts as a delete', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'hi-empty', 'x');
    await cleveland.submit('State:put', 'hi-empty', '');
    const found: Modification[] = await cleveland.evaluateJson('History:of', 'hi-empty');
    return found.map(({ value, isDelete }) => [value, isDelete]);
  }),
  pair('stub.getHistoryForKey', 'invalid transactions are left out', async ({ cleveland }) => {
    const stale = await cleveland.endorse('State:increment', 'hi-valid');
    await cleveland.submit('State:increment', 'hi-valid');
    const { code } = await cleveland.commit(stale);
    return [code, await cleveland.evaluate('History:count', 'hi-valid')];
  }),
  pair('stub.getHistoryForKey', 'two writes of one transaction are one', async ({ cleveland }) => {
    await cleveland.submit('State:putTwice', 'hi-twice', 'first', 'second');
    const found: Modification[] = await cleveland.evaluateJson('History:of', 'hi-twice');
    return found.map(({ value }) => value);
  }),
  pair('stub.getHistoryForKey', 'does not mix keys that begin alike', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'hi-alike', 'short');
    await cleveland.submit('State:put', 'hi-alike2', 'long');
    const found: Modification[] = await cleveland.evaluateJson('History:of', 'hi-alike');
    return found.map(({ value }) => value);
  }),
  pair('stub.getHistoryForKey', 'composite key', async ({ cleveland }) => {
    await cleveland.submit('CompositeKeys:put', 'hi-kind', '["a"]', 'one');
    await cleveland.submit('CompositeKeys:put', 'hi-kind', '["a"]', 'two');
    return await cleveland.evaluateJson('History:ofParts', 'hi-kind', '["a"]');
  }),
  pair('stub.getHistoryForKey', 'own write of the transaction is not in it', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'hi-own', 'x');
    return await cleveland.submit('History:putThenCount', 'hi-own');
  }),
  pair('stub.getHistoryForKey', 'is not checked for conflicts', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'hi-free', 'x');
    const counting = await cleveland.endorse('History:countThenPut', 'hi-free', 'hi-count');
    await cleveland.submit('State:put', 'hi-free', 'y');
    return (await cleveland.commit(counting)).code;
  }),
  pair('stub.getHistoryForKey', 'every hospital has the same', async ({ cleveland, va }) => {
    await cleveland.submit('State:put', 'hi-all', 'x');
    return (
      JSON.stringify(await cleveland.evaluateJson('History:of', 'hi-all')) ===
      JSON.stringify(await va.evaluateJson('History:of', 'hi-all'))
    );
  }),
];
