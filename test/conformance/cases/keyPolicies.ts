import { answerOf } from '../support/answer.js';
import { type Case, pair } from '../support/case.js';
import { CLEVELAND, HUNGARY, SWITZERLAND, VA } from '../support/hospitals.js';
import { endorsersOf, envelopeOf } from '../support/messages.js';

export const KEY_POLICIES: readonly Case[] = [
  pair('stub.getStateValidationParameter', 'absent key has none', ({ cleveland }) =>
    cleveland.evaluateJson('Policies:get', 'kp-absent'),
  ),
  pair('stub.getStateValidationParameter', 'key without policy has none', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'kp-plain', 'x');
    return await cleveland.evaluateJson('Policies:get', 'kp-plain');
  }),
  pair('stub.getStateValidationParameter', 'own change of the transaction is not seen', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'kp-own', 'x');
    return JSON.parse(await cleveland.submit('Policies:setThenGet', 'kp-own', JSON.stringify([VA])));
  }),
  pair('stub.setStateValidationParameter', 'comes back', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'kp-back', 'x');
    await cleveland.submit('Policies:set', 'kp-back', JSON.stringify([HUNGARY, VA]));
    const organizations: string[] = await cleveland.evaluateJson('Policies:get', 'kp-back');
    return organizations.sort();
  }),
  pair('stub.setStateValidationParameter', 'absent key keeps none', async ({ cleveland }) => {
    const code = await cleveland.code('Policies:set', 'kp-ghost', JSON.stringify([HUNGARY]));
    return [code, await cleveland.evaluateJson('Policies:get', 'kp-ghost')];
  }),
  pair('stub.setStateValidationParameter', 'together with a new key', async ({ cleveland }) => {
    const code = await cleveland.code('Policies:setAndPut', 'kp-new', JSON.stringify([VA]), 'x');
    return [code, await cleveland.evaluateJson('Policies:get', 'kp-new')];
  }),
  pair(
    'stub.setStateValidationParameter',
    'replaces the policy of the chaincode for that key',
    async ({ cleveland }) => {
      await cleveland.submit('Policies:setAndPut', 'kp-va', JSON.stringify([VA]), 'x');
      const options = { arguments: ['kp-va', 'y'] };
      return {
        ofVa: await cleveland.codeWith('State:put', { ...options, endorsingOrganizations: [VA] }),
        ofTheOthers: await cleveland.codeWith('State:put', {
          ...options,
          endorsingOrganizations: [CLEVELAND, HUNGARY, SWITZERLAND],
        }),
      };
    },
  ),
  pair('stub.setStateValidationParameter', 'the gateway finds who must endorse', async ({ cleveland }) => {
    await cleveland.submit('Policies:setAndPut', 'kp-found', JSON.stringify([VA]), 'x');
    const transaction = await cleveland.endorse('State:put', 'kp-found', 'y');
    return [endorsersOf(envelopeOf(transaction.getBytes())), (await cleveland.commit(transaction)).code];
  }),
  pair('stub.setStateValidationParameter', 'all of several organisations must endorse', async ({ cleveland }) => {
    await cleveland.submit('Policies:setAndPut', 'kp-both', JSON.stringify([HUNGARY, VA]), 'x');
    const transaction = await cleveland.endorse('State:put', 'kp-both', 'y');
    return [
      endorsersOf(envelopeOf(transaction.getBytes())),
      await cleveland.codeWith('State:put', { arguments: ['kp-both', 'z'], endorsingOrganizations: [VA] }),
    ];
  }),
  pair('stub.setStateValidationParameter', 'changing it needs who it names', async ({ cleveland }) => {
    await cleveland.submit('Policies:setAndPut', 'kp-change', JSON.stringify([VA]), 'x');
    const change = ['kp-change', JSON.stringify([HUNGARY])];
    return [
      await cleveland.codeWith('Policies:set', { arguments: change, endorsingOrganizations: [HUNGARY] }),
      await cleveland.codeWith('Policies:set', { arguments: change, endorsingOrganizations: [VA] }),
      await cleveland.evaluateJson('Policies:get', 'kp-change'),
    ];
  }),
  pair('stub.setStateValidationParameter', 'twice in one block, the second is invalid', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'kp-block', 'x');
    const changes = await Promise.all(
      [VA, HUNGARY].map((msp) => cleveland.endorse('Policies:set', 'kp-block', JSON.stringify([msp]))),
    );
    const commits = await Promise.all(changes.map((each) => cleveland.order(each)));
    const statuses = await Promise.all(commits.map((each) => each.getStatus()));
    // In a block of its own, the second one lacks the endorsement that the first one asks for: the same code.
    return statuses.map(({ code }) => code).sort();
  }),
  pair('stub.setStateValidationParameter', 'a delete ends it', async ({ cleveland }) => {
    await cleveland.submit('Policies:setAndPut', 'kp-deleted', JSON.stringify([CLEVELAND]), 'x');
    await cleveland.submit('State:remove', 'kp-deleted');
    await cleveland.submit('State:put', 'kp-deleted', 'y');
    return await cleveland.evaluateJson('Policies:get', 'kp-deleted');
  }),
  pair('stub.setStateValidationParameter', 'a later write keeps it', async ({ cleveland }) => {
    await cleveland.submit('Policies:setAndPut', 'kp-kept', JSON.stringify([CLEVELAND]), 'x');
    await cleveland.submit('State:put', 'kp-kept', 'y');
    return await cleveland.evaluateJson('Policies:get', 'kp-kept');
  }),
  pair('stub.setStateValidationParameter', 'empty bytes take it away', async ({ cleveland }) => {
    await cleveland.submit('Policies:setAndPut', 'kp-none', JSON.stringify([CLEVELAND]), 'x');
    const code = await cleveland.code('Policies:setBytes', 'kp-none', '');
    return [code, await cleveland.evaluateJson('Policies:get', 'kp-none')];
  }),
  pair('stub.setStateValidationParameter', 'bytes that are no policy', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'kp-garbage', 'x');
    const code = await cleveland.code('Policies:setBytes', 'kp-garbage', 'ffff');
    const later = await answerOf(() => cleveland.code('State:put', 'kp-garbage', 'y'));
    return [code, await cleveland.evaluate('Policies:getHex', 'kp-garbage'), later];
  }),
  pair('stub.setStateValidationParameter', 'organisation outside the channel locks the key', async ({ cleveland }) => {
    await cleveland.submit('Policies:setAndPut', 'kp-locked', JSON.stringify(['NopeMSP']), 'x');
    return await answerOf(() => cleveland.code('State:put', 'kp-locked', 'y'));
  }),
  pair('stub.setStateValidationParameter', 'member instead of peer', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'kp-member', 'x');
    await cleveland.submit('Policies:setMember', 'kp-member', JSON.stringify([VA]));
    return await cleveland.codeWith('State:put', { arguments: ['kp-member', 'y'], endorsingOrganizations: [VA] });
  }),
  pair('stub.setStateValidationParameter', 'is no conflict for who read the value', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'kp-read', '1');
    const reading = await cleveland.endorse('State:increment', 'kp-read');
    await cleveland.submit('Policies:set', 'kp-read', JSON.stringify([CLEVELAND]));
    return (await cleveland.commit(reading)).code;
  }),
  pair('stub.setPrivateDataValidationParameter', 'comes back', async ({ cleveland }) => {
    const collection = `_implicit_org_${CLEVELAND}`;
    await cleveland.submit('PrivateValues:putArgument', collection, 'kp-private', 'x');
    await cleveland.submit('Policies:setPrivate', collection, 'kp-private', JSON.stringify([CLEVELAND]));
    return await cleveland.evaluateJson('Policies:getPrivate', collection, 'kp-private');
  }),
  pair('stub.setPrivateDataValidationParameter', 'a write that it does not allow is invalid', async ({ cleveland }) => {
    const collection = `_implicit_org_${CLEVELAND}`;
    await cleveland.submit('PrivateValues:putArgument', collection, 'kp-private-va', 'x');
    await cleveland.submit('Policies:setPrivate', collection, 'kp-private-va', JSON.stringify([CLEVELAND, VA]));
    return await cleveland.codeWith('PrivateValues:putArgument', {
      arguments: [collection, 'kp-private-va', 'y'],
      endorsingOrganizations: [CLEVELAND],
    });
  }),
  pair('stub.getPrivateDataValidationParameter', 'absent key has none', ({ cleveland }) =>
    cleveland.evaluateJson('Policies:getPrivate', `_implicit_org_${CLEVELAND}`, 'kp-none'),
  ),
];
