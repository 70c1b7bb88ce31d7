import { answerOf } from '../support/answer.js';
import { text } from '../support/caller.js';
import { type Case, pair } from '../support/case.js';
import { first } from '../support/streams.js';

const result = (kind: string) =>
  pair('contract result', kind, ({ cleveland }) => cleveland.evaluate(`Results:${kind}`));

export const RESULTS: readonly Case[] = [
  ...['text', 'number', 'boolean', 'object', 'buffer', 'bytes', 'nothing', 'none'].map(result),
  pair(
    'contract result',
    'eight mebibytes',
    async ({ cleveland }) => (await cleveland.evaluate('Results:size', String(8 * 1024 * 1024))).length,
  ),
  pair('contract error', 'with a text, evaluated', ({ cleveland }) =>
    cleveland.evaluate('Results:fail', 'no €100 for 5 %'),
  ),
  pair('contract error', 'with a text, submitted', ({ cleveland }) =>
    cleveland.submit('Results:fail', 'no €100 for 5 %'),
  ),
  pair('contract error', 'without text, evaluated', ({ cleveland }) => cleveland.evaluate('Results:fail', '')),
  pair('contract error', 'without text, submitted', ({ cleveland }) => cleveland.submit('Results:fail', '')),
  pair('contract error', 'over several lines', ({ cleveland }) => cleveland.evaluate('Results:fail', 'one\ntwo\n')),
  pair('contract error', 'ends in a blank', ({ cleveland }) => cleveland.evaluate('Results:fail', 'blank ')),
  pair('contract error', 'thrown text, evaluated', ({ cleveland }) => cleveland.evaluate('Results:failWithText')),
  pair('contract error', 'after a while', ({ cleveland }) => cleveland.evaluate('Results:failLate', '20')),
  pair('contract error', 'ten kibibytes of text', ({ cleveland }) =>
    cleveland.evaluate('Results:fail', 'x'.repeat(10 * 1024)),
  ),
  pair('contract call', 'unknown function, evaluated', ({ cleveland }) => cleveland.evaluate('State:nofn')),
  pair('contract call', 'unknown function, submitted', ({ cleveland }) => cleveland.submit('State:nofn')),
  pair('contract call', 'unknown contract', ({ cleveland }) => cleveland.evaluate('Nobody:get', 'a')),
  pair('contract call', 'too few arguments', ({ cleveland }) => cleveland.evaluate('State:get')),
  pair('contract call', 'too many arguments', ({ cleveland }) => cleveland.evaluate('State:get', 'a', 'b')),
  pair('contract call', 'without contract goes to the first one', async ({ cleveland }) => {
    await cleveland.submit('put', 're-first', 'x');
    return await cleveland.evaluate('get', 're-first');
  }),
  pair('contract call', 'metadata name every contract', async ({ cleveland }) => {
    const { contracts, info } = await cleveland.evaluateJson('org.hyperledger.fabric:GetMetadata');
    return { contracts: Object.keys(contracts).sort(), info };
  }),
];

const respond = (status: number) => ['bare:respond', String(status), 'in words', 'payload'] as const;

export const BARE_RESPONSES: readonly Case[] = [
  ...[200, 201, 399].map((status) =>
    pair('chaincode response', `status ${status}, submitted`, async ({ cleveland }) =>
      cleveland.submit(...respond(status)),
    ),
  ),
  ...[200, 399, 400, 404, 499, 500, 501].map((status) =>
    pair('chaincode response', `status ${status}, evaluated`, async ({ cleveland }) =>
      cleveland.evaluate(...respond(status)),
    ),
  ),
  ...[400, 404, 499, 500, 501].map((status) =>
    pair('chaincode response', `status ${status}, submitted`, async ({ cleveland }) =>
      cleveland.submit(...respond(status)),
    ),
  ),
  pair('chaincode response', 'none, evaluated', ({ cleveland }) => cleveland.evaluate('bare:nothing')),
  pair('chaincode response', 'none, submitted', ({ cleveland }) => cleveland.submit('bare:nothing')),
  pair('chaincode response', 'status 404 after a write writes nothing', async ({ cleveland }) => [
    await answerOf(() => cleveland.submit('bare:putAndRespond', 're-404', '404', 'not found')),
    await cleveland.evaluate('State:get', 're-404'),
  ]),
  pair('chaincode response', 'status 399 after a write writes', async ({ cleveland }) => [
    await cleveland.submit('bare:putAndRespond', 're-399', '399', 'just so'),
    await cleveland.evaluate('State:get', 're-399'),
  ]),
  pair('chaincode response', 'status 399 tells its event', async ({ cleveland, chaincode }) => {
    const transaction = await cleveland.endorse('bare:sayAndRespond', 'Bare', '399', 'just so');
    const { blockNumber } = await cleveland.commit(transaction);
    const event = await first(await cleveland.network.getChaincodeEvents(chaincode, { startBlock: blockNumber }));
    return [event?.eventName, text(event?.payload ?? new Uint8Array())];
  }),
];
