import { type Case, pair } from '../support/case.js';
import { HOSPITALS } from '../support/hospitals.js';

const MEBIBYTE = 1024 * 1024;

export const STATE: readonly Case[] = [
  pair('stub.getState', 'absent key is empty', ({ cleveland }) => cleveland.evaluate('State:get', 'st-absent')),
  pair('stub.getState', 'written value comes back', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'st-a', 'b');
    return await cleveland.evaluate('State:get', 'st-a');
  }),
  pair('stub.getState', 'every hospital reads the same', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'st-all', 'same');
    return await Promise.all(HOSPITALS.map((msp) => cleveland.evaluateAt(msp, 'State:get', 'st-all')));
  }),
  pair('stub.getState', 'own write of the transaction is not seen', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'st-own', 'before');
    return await cleveland.submit('State:putThenGet', 'st-own', 'after');
  }),
  pair('stub.getState', 'own delete of the transaction is not seen', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'st-own-delete', 'before');
    return await cleveland.submit('State:removeThenGet', 'st-own-delete');
  }),
  pair('stub.getState', 'several keys at once, each its value', async ({ cleveland }) => {
    await cleveland.submit('State:putMany', 'st-many', '3');
    const keys = ['st-many00002', 'st-many00000', 'st-many-none', 'st-many00001'];
    return await cleveland.evaluateJson('State:getMany', JSON.stringify(keys));
  }),
  pair('stub.getState', 'empty key', ({ cleveland }) => cleveland.evaluate('State:get', '')),
  pair('stub.putState', 'bytes that are no text are kept', async ({ cleveland }) => {
    await cleveland.submit('State:putHex', 'st-bytes', '00ff80c328');
    return await cleveland.evaluate('State:getHex', 'st-bytes');
  }),
  pair('stub.putState', 'returns what the function returns', ({ cleveland }) =>
    cleveland.submit('State:put', 'st-returns', 'x'),
  ),
  pair('stub.putState', 'empty value reads like an absent key', async ({ cleveland }) => {
    const code = await cleveland.code('State:put', 'st-empty', '');
    return [code, await cleveland.evaluate('State:length', 'st-empty')];
  }),
  pair('stub.putState', 'undefined value reads like an absent key', async ({ cleveland }) => {
    const code = await cleveland.code('State:putNothing', 'st-nothing');
    return [code, await cleveland.evaluate('State:length', 'st-nothing')];
  }),
  pair('stub.putState', 'empty key commits', ({ cleveland }) => cleveland.code('State:put', '', 'v')),
  pair('stub.putState', 'value of the empty key comes back', async ({ cleveland }) => {
    await cleveland.submit('State:put', '', 'of nothing');
    return await cleveland.evaluate('State:get', '');
  }),
  pair('stub.putState', 'key that starts with NUL commits', async ({ cleveland }) => {
    const code = await cleveland.code('State:put', '\u0000abc\u0000', 'v');
    return [code, await cleveland.evaluate('State:get', '\u0000abc\u0000')];
  }),
  pair('stub.putState', 'key beyond the basic plane', async ({ cleveland }) => {
    const code = await cleveland.code('State:put', 'st-\u{1F3E5}', 'hospital');
    return [code, await cleveland.evaluate('State:get', 'st-\u{1F3E5}')];
  }),
  pair('stub.putState', 'the last of two writes counts', async ({ cleveland }) => {
    await cleveland.submit('State:putTwice', 'st-twice', 'first', 'second');
    return await cleveland.evaluate('State:get', 'st-twice');
  }),
  pair('stub.putState', 'after a delete in the same transaction it counts', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'st-deleted-put', 'old');
    await cleveland.submit('State:removeThenPut', 'st-deleted-put', 'new');
    return await cleveland.evaluate('State:get', 'st-deleted-put');
  }),
  pair('stub.putState', 'many keys in one transaction, asked for at once', async ({ cleveland }) => {
    const code = await cleveland.code('State:putMany', 'st-bulk', '120');
    return [code, await cleveland.evaluate('Ranges:count', 'st-bulk', 'st-bulk~')];
  }),
  pair('stub.putState', 'value of a mebibyte', async ({ cleveland }) => {
    const code = await cleveland.code('State:putSize', 'st-large', String(MEBIBYTE));
    return [code, await cleveland.evaluate('State:length', 'st-large')];
  }),
  pair('stub.putState', 'evaluated, it changes nothing', async ({ cleveland }) => {
    const result = await cleveland.evaluate('State:put', 'st-evaluated', 'x');
    return [result, await cleveland.evaluate('State:get', 'st-evaluated')];
  }),
  pair('stub.deleteState', 'deleted key is absent', async ({ cleveland }) => {
    await cleveland.submit('State:put', 'st-gone', 'x');
    const code = await cleveland.code('State:remove', 'st-gone');
    return [code, await cleveland.evaluate('State:get', 'st-gone')];
  }),
  pair('stub.deleteState', 'absent key commits', ({ cleveland }) => cleveland.code('State:remove', 'st-never')),
  pair('stub.deleteState', 'after a write in the same transaction it counts', async ({ cleveland }) => {
    await cleveland.submit('State:putThenRemove', 'st-put-deleted', 'x');
    return await cleveland.evaluate('State:get', 'st-put-deleted');
  }),
  pair('stub.deleteState', 'empty key', async ({ cleveland }) => {
    await cleveland.submit('State:put', '', 'x');
    const code = await cleveland.code('State:remove', '');
    return [code, await cleveland.evaluate('State:get', '')];
  }),
];
