import { createHash } from 'node:crypto';
import { text } from '../support/caller.js';
import { type Case, pair } from '../support/case.js';
import { CLEVELAND, HUNGARY } from '../support/hospitals.js';
import { endorsersOf, envelopeOf } from '../support/messages.js';
import type { Stage } from '../support/stage.js';

const OWN = `_implicit_org_${CLEVELAND}`;
const HUNGARYS = `_implicit_org_${HUNGARY}`;

/** Writes a transient value into Cleveland's own collection. */
async function put({ cleveland }: Stage, key: string, value = 'secret'): Promise<void> {
  await cleveland.submitWith('PrivateValues:put', { arguments: [OWN, key], transientData: { value } });
}

export const IMPLICIT_COLLECTIONS: readonly Case[] = [
  pair('stub.getPrivateData', 'absent key is empty', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:get', OWN, 'ic-absent'),
  ),
  pair('stub.getPrivateData', 'written value comes back', async (stage) => {
    await put(stage, 'ic-back');
    return await stage.cleveland.evaluate('PrivateValues:get', OWN, 'ic-back');
  }),
  pair('stub.getPrivateData', 'the peer of another organisation has not got it', async (stage) => {
    await put(stage, 'ic-foreign');
    return await stage.hungary.evaluate('PrivateValues:get', OWN, 'ic-foreign');
  }),
  pair('stub.getPrivateData', 'a client of another organisation reads it at the own peer', async (stage) => {
    await put(stage, 'ic-visitor');
    return await stage.hungary.evaluateAt(CLEVELAND, 'PrivateValues:get', OWN, 'ic-visitor');
  }),
  pair('stub.getPrivateData', 'absent key in the collection of another organisation', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:get', HUNGARYS, 'ic-absent'),
  ),
  pair('stub.getPrivateData', 'collection of an unknown organisation', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:get', '_implicit_org_NopeMSP', 'k'),
  ),
  pair('stub.getPrivateData', 'unknown collection', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:get', 'nocollection', 'k'),
  ),
  pair('stub.getPrivateData', 'empty key is refused', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:get', OWN, ''),
  ),
  pair('stub.getPrivateData', 'empty collection is refused', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:get', '', 'k'),
  ),
  pair('stub.getPrivateData', 'submitted, nobody else can endorse it', async (stage) => {
    await put(stage, 'ic-submitted');
    return await stage.cleveland.submit('PrivateValues:get', OWN, 'ic-submitted');
  }),
  pair('stub.getPrivateData', 'and a public write, endorsed by the own peer alone', async (stage) => {
    await put(stage, 'ic-alone');
    return await stage.cleveland.codeWith('PrivateValues:getThenPutPublic', {
      arguments: [OWN, 'ic-alone', 'ic-target'],
      endorsingOrganizations: [CLEVELAND],
    });
  }),
  pair('stub.getPrivateData', 'own write of the transaction is not seen', async (stage) => {
    await put(stage, 'ic-own', 'before');
    return text(
      await stage.cleveland.contract.evaluate('PrivateValues:putThenGet', { arguments: [OWN, 'ic-own', 'after'] }),
    );
  }),
  pair('stub.putPrivateData', 'is endorsed by its own organisation alone', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('PrivateValues:put', {
      arguments: [OWN, 'ic-endorsed'],
      transientData: { value: 'secret' },
    });
    const transaction = await proposal.endorse();
    return [endorsersOf(envelopeOf(transaction.getBytes())), (await cleveland.commit(transaction)).code];
  }),
  pair('stub.putPrivateData', 'transient value missing', ({ cleveland }) =>
    cleveland.submit('PrivateValues:put', OWN, 'ic-missing'),
  ),
  pair('stub.putPrivateData', 'empty key is refused', ({ cleveland }) =>
    cleveland.submit('PrivateValues:putArgument', OWN, '', 'x'),
  ),
  pair('stub.putPrivateData', 'empty text is refused', ({ cleveland }) =>
    cleveland.submit('PrivateValues:putArgument', OWN, 'ic-text', ''),
  ),
  pair('stub.putPrivateData', 'no bytes', async ({ cleveland }) => {
    const code = await cleveland.code('PrivateValues:putEmpty', OWN, 'ic-empty');
    return [
      code,
      await cleveland.evaluate('PrivateValues:get', OWN, 'ic-empty'),
      await cleveland.evaluate('PrivateValues:hash', OWN, 'ic-empty'),
    ];
  }),
  pair('stub.putPrivateData', 'unknown collection', ({ cleveland }) =>
    cleveland.submit('PrivateValues:putArgument', 'nocollection', 'k', 'x'),
  ),
  pair('stub.putPrivateData', 'collection of an unknown organisation', ({ cleveland }) =>
    cleveland.submit('PrivateValues:putArgument', '_implicit_org_NopeMSP', 'k', 'x'),
  ),
  pair('stub.putPrivateData', 'with a public write and transient values, organisations not named', ({ cleveland }) =>
    cleveland.submitWith('PrivateValues:putAndPublic', {
      arguments: [OWN, 'ic-mixed'],
      transientData: { value: 'secret' },
    }),
  ),
  pair(
    'stub.putPrivateData',
    'with a public write and transient values, organisations named',
    async ({ cleveland }) => {
      const code = await cleveland.codeWith('PrivateValues:putAndPublic', {
        arguments: [OWN, 'ic-named'],
        transientData: { value: 'secret' },
        endorsingOrganizations: [CLEVELAND, HUNGARY, 'VaMSP'],
      });
      return [code, await cleveland.evaluate('PrivateValues:get', OWN, 'ic-named')];
    },
  ),
  pair('stub.putPrivateData', 'a client of another organisation writes at the own peer', async (stage) => {
    const visitor = stage.caller(HUNGARY, await stage.person(HUNGARY, 'visitor'), { client: stage.client(CLEVELAND) });
    const code = await visitor.codeWith('PrivateValues:put', {
      arguments: [OWN, 'ic-visited'],
      transientData: { value: 'left here' },
    });
    return [code, await stage.cleveland.evaluate('PrivateValues:get', OWN, 'ic-visited')];
  }),
  pair('stub.putPrivateData', "a client writes its own collection at another organisation's peer", async (stage) => {
    const person = await stage.person(HUNGARY, 'traveller');
    const traveller = stage.caller(HUNGARY, person, { client: stage.client(CLEVELAND) });
    await traveller.submitWith('PrivateValues:put', {
      arguments: [HUNGARYS, 'ic-travelled'],
      transientData: { value: 'sent home' },
    });
    return await stage.hungary.evaluate('PrivateValues:get', HUNGARYS, 'ic-travelled');
  }),
  pair('stub.putPrivateData', 'two collections of two organisations in one transaction', ({ cleveland }) =>
    cleveland.submitWith('PrivateValues:putTwo', {
      arguments: [OWN, HUNGARYS, 'ic-two'],
      transientData: { value: 'secret' },
    }),
  ),
  pair('stub.putPrivateData', 'of two at once on one key, one conflicts with nothing', async ({ cleveland }) => {
    const both = await Promise.all(
      ['1', '2'].map((value) =>
        cleveland.contract
          .newProposal('PrivateValues:put', { arguments: [OWN, 'ic-blind'], transientData: { value } })
          .endorse(),
      ),
    );
    const commits = await Promise.all(both.map((each) => cleveland.order(each)));
    return await Promise.all(commits.map(async (each) => (await each.getStatus()).code));
  }),
  pair('stub.getPrivateDataHash', 'absent key', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:hash', HUNGARYS, 'ic-absent'),
  ),
  pair('stub.getPrivateDataHash', 'every hospital knows the digest of the value', async (stage) => {
    await put(stage, 'ic-hashed', 'hashed');
    const digest = createHash('sha256').update('hashed').digest('hex');
    const hashes = await Promise.all(
      stage.callers.map((each) => each.evaluate('PrivateValues:hash', OWN, 'ic-hashed')),
    );
    return hashes.map((hash) => hash === digest);
  }),
  pair('stub.getPrivateDataHash', 'unknown collection', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:hash', 'nocollection', 'k'),
  ),
  pair('stub.getPrivateDataHash', 'a value that changed is a conflict', async (stage) => {
    await put(stage, 'ic-conflict', 'one');
    const reading = await stage.cleveland.endorse('PrivateValues:hashThenPut', OWN, 'ic-conflict', 'ic-hash');
    await put(stage, 'ic-conflict', 'two');
    return (await stage.cleveland.commit(reading)).code;
  }),
  pair('stub.getPrivateDataHash', 'in a transaction that every hospital endorses', async (stage) => {
    await put(stage, 'ic-hash-all', 'one');
    return await stage.cleveland.codeWith('PrivateValues:hashThenPut', {
      arguments: [OWN, 'ic-hash-all', 'ic-hash'],
      endorsingOrganizations: [CLEVELAND, HUNGARY, 'SwitzerlandMSP', 'VaMSP'],
    });
  }),
  pair('stub.deletePrivateData', 'value and digest are gone', async (stage) => {
    await put(stage, 'ic-deleted');
    const code = await stage.cleveland.code('PrivateValues:remove', OWN, 'ic-deleted');
    return [
      code,
      await stage.cleveland.evaluate('PrivateValues:get', OWN, 'ic-deleted'),
      await stage.hungary.evaluate('PrivateValues:hash', OWN, 'ic-deleted'),
    ];
  }),
  pair('stub.deletePrivateData', 'absent key commits', ({ cleveland }) =>
    cleveland.code('PrivateValues:remove', OWN, 'ic-never'),
  ),
  pair('stub.deletePrivateData', 'empty key is refused', ({ cleveland }) =>
    cleveland.submit('PrivateValues:remove', OWN, ''),
  ),
  pair('stub.deletePrivateData', 'unknown collection', ({ cleveland }) =>
    cleveland.submit('PrivateValues:remove', 'nocollection', 'k'),
  ),
  pair('stub.purgePrivateData', 'value and digest are gone', async (stage) => {
    await put(stage, 'ic-purged');
    const code = await stage.cleveland.code('PrivateValues:purge', OWN, 'ic-purged');
    return [
      code,
      await stage.cleveland.evaluate('PrivateValues:get', OWN, 'ic-purged'),
      await stage.hungary.evaluate('PrivateValues:hash', OWN, 'ic-purged'),
    ];
  }),
  pair('stub.purgePrivateData', 'absent key commits', ({ cleveland }) =>
    cleveland.code('PrivateValues:purge', OWN, 'ic-never-purged'),
  ),
  pair('stub.purgePrivateData', 'a key written again after it comes back', async (stage) => {
    await put(stage, 'ic-again', 'first');
    await stage.cleveland.submit('PrivateValues:purge', OWN, 'ic-again');
    await put(stage, 'ic-again', 'second');
    return await stage.cleveland.evaluate('PrivateValues:get', OWN, 'ic-again');
  }),
  pair('stub.purgePrivateData', 'unknown collection', ({ cleveland }) =>
    cleveland.submit('PrivateValues:purge', 'nocollection', 'k'),
  ),
  pair('stub.getPrivateDataByRange', 'keys in order', async (stage) => {
    for (const key of ['ic-range2', 'ic-range1', 'ic-range3']) await put(stage, key, `value of ${key}`);
    return await stage.cleveland.evaluateJson('PrivateValues:range', OWN, 'ic-range1', 'ic-range3');
  }),
  pair('stub.getPrivateDataByRange', 'empty range', ({ cleveland }) =>
    cleveland.evaluateJson('PrivateValues:range', OWN, 'ic-no', 'ic-no~'),
  ),
  pair('stub.getPrivateDataByRange', 'unknown collection', ({ cleveland }) =>
    cleveland.evaluateJson('PrivateValues:range', 'nocollection', 'a', 'b'),
  ),
  pair('stub.getPrivateDataByRange', 'a write afterwards is refused', ({ cleveland }) =>
    cleveland.submit('PrivateValues:rangeThenPut', OWN, 'a', 'b', 'ic-key'),
  ),
  pair('stub.getPrivateDataByRange', 'after a write it is refused', ({ cleveland }) =>
    cleveland.submit('PrivateValues:putThenRange', OWN, 'a', 'b', 'ic-key'),
  ),
  pair('stub.getPrivateDataByPartialCompositeKey', 'by first part', async ({ cleveland }) => {
    await cleveland.submit('PrivateValues:putParts', OWN, 'ic-kind', '["x","1"]', 'one');
    await cleveland.submit('PrivateValues:putParts', OWN, 'ic-kind', '["x","2"]', 'two');
    await cleveland.submit('PrivateValues:putParts', OWN, 'ic-kind', '["y","1"]', 'three');
    return await cleveland.evaluateJson('PrivateValues:findParts', OWN, 'ic-kind', '["x"]');
  }),
  pair('stub.getPrivateDataQueryResult', 'LevelDB has no such query', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:query', OWN, '{"selector":{}}'),
  ),
  pair('stub.getPrivateDataQueryResult', 'unknown collection', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:query', 'nocollection', '{"selector":{}}'),
  ),
];
