import { type Case, pair } from '../support/case.js';
import { CLEVELAND, HUNGARY, SWITZERLAND, VA } from '../support/hospitals.js';
import { endorsersOf, envelopeOf } from '../support/messages.js';
import type { Stage } from '../support/stage.js';

/** Writes a value into a collection, as Cleveland; as an argument, so that any hospital may endorse it. */
async function put({ cleveland }: Stage, collection: string, key: string): Promise<void> {
  await cleveland.submit('PrivateValues:putArgument', collection, key, 'secret');
}

export const EXPLICIT_COLLECTIONS: readonly Case[] = [
  pair('collection', 'every member has the value', async (stage) => {
    await put(stage, 'shared', 'ec-members');
    return [
      await stage.cleveland.evaluate('PrivateValues:get', 'shared', 'ec-members'),
      await stage.hungary.evaluate('PrivateValues:get', 'shared', 'ec-members'),
    ];
  }),
  pair('collection', 'who is no member has not got it', async (stage) => {
    await put(stage, 'shared', 'ec-outsider');
    return await stage.va.evaluate('PrivateValues:get', 'shared', 'ec-outsider');
  }),
  pair('collection', 'who is no member reads it at the peer of one', async (stage) => {
    await put(stage, 'shared', 'ec-guest');
    return await stage.va.evaluateAt(CLEVELAND, 'PrivateValues:get', 'shared', 'ec-guest');
  }),
  pair('collection', 'who is no member knows the digest', async (stage) => {
    await put(stage, 'shared', 'ec-digest');
    return (await stage.va.evaluate('PrivateValues:hash', 'shared', 'ec-digest')).length;
  }),
  pair('collection', 'without policy of its own, the chaincode policy asks for a majority', async ({ cleveland }) => {
    const transaction = await cleveland.contract
      .newProposal('PrivateValues:putArgument', { arguments: ['shared', 'ec-majority', 'x'] })
      .endorse();
    return endorsersOf(envelopeOf(transaction.getBytes())).length;
  }),
  pair('collection', 'transient values are not sent to who is no member', ({ cleveland }) =>
    cleveland.submitWith('PrivateValues:put', {
      arguments: ['shared', 'ec-transient'],
      transientData: { value: 'secret' },
    }),
  ),
  pair('collection', 'memberOnlyRead: a member reads', async (stage) => {
    await stage.cleveland.submit('PrivateValues:putArgument', 'guarded', 'ec-read', 'x');
    return await stage.hungary.evaluate('PrivateValues:get', 'guarded', 'ec-read');
  }),
  pair('collection', 'memberOnlyRead: nobody else, at the peer of a member', ({ va }) =>
    va.evaluateAt(CLEVELAND, 'PrivateValues:get', 'guarded', 'ec-read'),
  ),
  pair('collection', 'memberOnlyRead: nobody else, at the own peer', ({ va }) =>
    va.evaluate('PrivateValues:get', 'guarded', 'ec-read'),
  ),
  pair('collection', 'memberOnlyRead: no range for others', ({ va }) =>
    va.evaluateAt(CLEVELAND, 'PrivateValues:range', 'guarded', 'a', 'z'),
  ),
  pair(
    'collection',
    'memberOnlyRead: the digest is for everybody',
    async ({ va }) => (await va.evaluate('PrivateValues:hash', 'guarded', 'ec-read')).length,
  ),
  pair('collection', 'memberOnlyWrite: nobody else writes', ({ va }) =>
    va.submit('PrivateValues:putArgument', 'guarded', 'ec-write', 'x'),
  ),
  pair('collection', 'memberOnlyWrite: nobody else deletes', ({ va }) =>
    va.submit('PrivateValues:remove', 'guarded', 'ec-read'),
  ),
  pair('collection', 'memberOnlyWrite: nobody else purges', ({ va }) =>
    va.submit('PrivateValues:purge', 'guarded', 'ec-read'),
  ),
  pair('collection', 'endorsementPolicy: who it names endorses', async ({ cleveland }) => {
    const transaction = await cleveland.contract
      .newProposal('PrivateValues:putArgument', { arguments: ['endorsed', 'ec-policy', 'x'] })
      .endorse();
    return [endorsersOf(envelopeOf(transaction.getBytes())), (await cleveland.commit(transaction)).code];
  }),
  pair('collection', 'endorsementPolicy: without who it names it is invalid', ({ cleveland }) =>
    cleveland.codeWith('PrivateValues:putArgument', {
      arguments: ['endorsed', 'ec-invalid', 'x'],
      endorsingOrganizations: [CLEVELAND, SWITZERLAND, VA],
    }),
  ),
  pair('collection', 'endorsementPolicy: reading a digest does not ask for it', async ({ cleveland }) => {
    await cleveland.submit('PrivateValues:putArgument', 'endorsed', 'ec-hash', 'x');
    const transaction = await cleveland.endorse('PrivateValues:hash', 'endorsed', 'ec-hash');
    return endorsersOf(envelopeOf(transaction.getBytes())).length;
  }),
  pair('collection', 'requiredPeerCount: as many as there are', async ({ cleveland, hungary }) => {
    await cleveland.submit('PrivateValues:putArgument', 'confirmed', 'ec-confirmed', 'x');
    return await hungary.evaluate('PrivateValues:get', 'confirmed', 'ec-confirmed');
  }),
  pair('collection', 'requiredPeerCount: evaluated, it matters too', ({ cleveland }) =>
    cleveland.evaluate('PrivateValues:putArgument', 'demanding', 'ec-evaluated', 'x'),
  ),
  pair('collection', 'requiredPeerCount: more than there are', ({ cleveland }) =>
    cleveland.submit('PrivateValues:putArgument', 'demanding', 'ec-required', 'x'),
  ),
  pair('collection', 'blockToLive: a value lives for its blocks', async (stage) => {
    const { cleveland, hungary } = stage;
    await cleveland.submit('PrivateValues:putArgument', 'shortLived', 'ec-lives', 'x');
    await cleveland.submit('State:put', 'ec-block', '1');
    await cleveland.submit('State:put', 'ec-block', '2');
    return [
      await cleveland.evaluate('PrivateValues:get', 'shortLived', 'ec-lives'),
      (await hungary.evaluate('PrivateValues:hash', 'shortLived', 'ec-lives')).length,
    ];
  }),
  pair('collection', 'blockToLive: and is gone with its digest afterwards', async (stage) => {
    const { cleveland, hungary, va } = stage;
    await cleveland.submit('PrivateValues:putArgument', 'shortLived', 'ec-dies', 'x');
    for (const value of ['1', '2', '3', '4']) await cleveland.submit('State:put', 'ec-block', value);
    return [
      await cleveland.evaluate('PrivateValues:get', 'shortLived', 'ec-dies'),
      await hungary.evaluate('PrivateValues:get', 'shortLived', 'ec-dies'),
      await va.evaluate('PrivateValues:hash', 'shortLived', 'ec-dies'),
    ];
  }),
  pair('collection', 'blockToLive: a value written again lives on', async ({ cleveland }) => {
    await cleveland.submit('PrivateValues:putArgument', 'shortLived', 'ec-renewed', 'x');
    await cleveland.submit('State:put', 'ec-block', '1');
    await cleveland.submit('PrivateValues:putArgument', 'shortLived', 'ec-renewed', 'y');
    await cleveland.submit('State:put', 'ec-block', '2');
    await cleveland.submit('State:put', 'ec-block', '3');
    return await cleveland.evaluate('PrivateValues:get', 'shortLived', 'ec-renewed');
  }),
  pair('collection', 'a delete reaches every member', async (stage) => {
    await stage.cleveland.submit('PrivateValues:putArgument', 'shared', 'ec-delete', 'x');
    await stage.cleveland.submit('PrivateValues:remove', 'shared', 'ec-delete');
    return await stage.hungary.evaluate('PrivateValues:get', 'shared', 'ec-delete');
  }),
  pair('collection', 'a purge reaches every member', async (stage) => {
    await stage.cleveland.submit('PrivateValues:putArgument', 'shared', 'ec-purge', 'x');
    await stage.cleveland.submit('PrivateValues:purge', 'shared', 'ec-purge');
    return await stage.hungary.evaluate('PrivateValues:get', 'shared', 'ec-purge');
  }),
  pair('collection', 'two explicit ones in one transaction', async (stage) => {
    const code = await stage.cleveland.codeWith('PrivateValues:putTwo', {
      arguments: ['shared', 'guarded', 'ec-two'],
      transientData: { value: 'x' },
      endorsingOrganizations: [CLEVELAND, HUNGARY, VA],
    });
    return [code, await stage.hungary.evaluate('PrivateValues:get', 'guarded', 'ec-two')];
  }),
];
