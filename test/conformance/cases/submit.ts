import type { Status, SubmittedTransaction } from '@hyperledger/fabric-gateway';
import { answerOf } from '../support/answer.js';
import { text } from '../support/caller.js';
import { type Case, pair, pairAtDeadline, pairOfAny } from '../support/case.js';
import { CLEVELAND, VA } from '../support/hospitals.js';

export const SUBMIT: readonly Case[] = [
  pair('Contract.submitTransaction', 'result after the commit', async ({ cleveland }) =>
    text(await cleveland.contract.submitTransaction('State:put', 'su-a', 'x')),
  ),
  pair('Contract.submit', 'result after the commit', async ({ cleveland }) =>
    text(await cleveland.contract.submit('State:put', { arguments: ['su-b', 'x'] })),
  ),
  pair('Contract.submit', 'too few endorsements', async (stage) => {
    await stage.settle();
    return await stage.cleveland.contract.submit('State:put', {
      arguments: ['su-few', 'x'],
      endorsingOrganizations: [CLEVELAND],
    });
  }),
  pair('Contract.submit', 'three at once on one key, one wins', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'su-three', '1');
    const endorsed = await Promise.all([1, 2, 3].map(() => cleveland.endorse('State:increment', 'su-three')));
    const commits = await Promise.all(endorsed.map((each) => cleveland.order(each)));
    const codes = await Promise.all(commits.map(async (each) => (await each.getStatus()).code));
    return codes.sort();
  }),
  pair('Contract.submit', 'value that was read has changed', async ({ cleveland }) => {
    const stale = await cleveland.endorse('State:increment', 'su-stale');
    await cleveland.submit('State:increment', 'su-stale');
    return (await cleveland.commit(stale)).code;
  }),
  pair('Contract.submit', 'value that was read has vanished', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'su-vanished', '1');
    const stale = await cleveland.endorse('State:increment', 'su-vanished');
    await cleveland.submit('State:remove', 'su-vanished');
    return (await cleveland.commit(stale)).code;
  }),
  pair('Contract.submit', 'conflict as the library tells it', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'su-conflict', '1');
    // On a busy machine one may be over before the next begins: until two have met.
    for (;;) {
      const all = await Promise.all(
        [1, 2, 3, 4].map(() => answerOf(() => cleveland.contract.submitTransaction('State:increment', 'su-conflict'))),
      );
      const conflict = all.find((each) => 'error' in each && each.error === 'CommitError');
      if (conflict) return conflict;
    }
  }),
  pair('Contract.submit', 'blind writes of one key do not conflict', async ({ cleveland }) => {
    const endorsed = await Promise.all(['1', '2'].map((value) => cleveland.endorse('State:put', 'su-blind', value)));
    const commits = await Promise.all(endorsed.map((each) => cleveland.order(each)));
    return await Promise.all(commits.map(async (each) => (await each.getStatus()).code));
  }),
  pair('Contract.submit', 'transaction that writes nothing commits too', ({ cleveland }) =>
    cleveland.code('State:get', 'su-read'),
  ),
  pair('Contract.submitAsync', 'result before the commit, status after it', async ({ cleveland }) => {
    const submitted = await cleveland.contract.submitAsync('State:put', { arguments: ['su-async', 'x'] });
    const { code, successful, blockNumber, transactionId } = await submitted.getStatus();
    return {
      result: text(submitted.getResult()),
      code,
      successful,
      blockNumber: typeof blockNumber,
      isItsOwn: transactionId === submitted.getTransactionId(),
    };
  }),
  pair('Contract.submitAsync', 'an invalid one has a status that says so', async (stage) => {
    await stage.settle();
    const submitted: SubmittedTransaction = await stage.cleveland.contract.submitAsync('State:put', {
      arguments: ['su-invalid', 'x'],
      endorsingOrganizations: [VA],
    });
    const { code, successful }: Status = await submitted.getStatus();
    return { code, successful };
  }),
  pairOfAny('Transaction.submit', 'again after it was committed', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:increment', 'su-again');
    await cleveland.commit(transaction);
    return await transaction.submit();
  }),
  pair('Transaction.submit', 'again after it was committed, and it counts once', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:increment', 'su-once');
    await cleveland.commit(transaction);
    await answerOf(() => transaction.submit());
    return [
      await cleveland.evaluate('State:get', 'su-once'),
      (await cleveland.statusOf(transaction.getTransactionId()).getStatus()).code,
    ];
  }),
  pair('Transaction.submit', 'three times at once, and it counts once', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:increment', 'su-thrice');
    const commits = await Promise.all([1, 2, 3].map(() => cleveland.order(transaction)));
    const codes = await Promise.all(commits.map(async (each) => (await each.getStatus()).code));
    return [codes, await cleveland.evaluate('State:get', 'su-thrice')];
  }),
  pairOfAny('Transaction.submit', 'larger than a block may be', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:put', 'su-large', 'x'.repeat(6 * 1024 * 1024));
    return await transaction.submit();
  }),
  pairAtDeadline('Transaction.submit', 'deadline passed before', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:put', 'su-deadline', 'x');
    return await transaction.submit({ deadline: Date.now() - 1 });
  }),
  pair('Commit.getStatus', 'of a committed transaction, asked again', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:put', 'su-asked', 'x');
    const { blockNumber } = await cleveland.commit(transaction);
    const status = await cleveland.statusOf(transaction.getTransactionId()).getStatus();
    return [status.code, status.successful, status.blockNumber === blockNumber];
  }),
  pair('Commit.getStatus', "of somebody else's transaction, at another hospital", async ({ cleveland, va }) => {
    const transaction = await cleveland.endorse('State:put', 'su-foreign', 'x');
    await cleveland.commit(transaction);
    return (await va.statusOf(transaction.getTransactionId()).getStatus()).code;
  }),
  pairAtDeadline('Commit.getStatus', 'of an unknown transaction waits until the deadline', ({ cleveland }) =>
    cleveland.statusOf('ab'.repeat(32)).getStatus({ deadline: Date.now() + 400 }),
  ),
  pair('Commit.getStatus', 'of no transaction', ({ cleveland }) => cleveland.statusOf('').getStatus()),
  pair('Commit.getStatus', 'asked before it is submitted', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:put', 'su-early', 'x');
    const asked = cleveland.statusOf(transaction.getTransactionId()).getStatus();
    await cleveland.order(transaction);
    return (await asked).code;
  }),
];
