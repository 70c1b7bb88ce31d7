import { type Case, pair } from '../support/case.js';
import type { Stage } from '../support/stage.js';

/** Five keys `PREFIX00000`… */
async function five({ cleveland }: Stage, prefix: string): Promise<void> {
  await cleveland.submit('State:putMany', prefix, '5');
}

export const RANGES: readonly Case[] = [
  pair('stub.getStateByRange', 'start is inside, end is outside', async (stage) => {
    await five(stage, 'ra-in');
    return await stage.cleveland.evaluateJson('Ranges:all', 'ra-in00001', 'ra-in00003');
  }),
  pair('stub.getStateByRange', 'empty range', ({ cleveland }) =>
    cleveland.evaluateJson('Ranges:all', 'ra-no', 'ra-no~'),
  ),
  pair('stub.getStateByRange', 'end before start', async (stage) => {
    await five(stage, 'ra-turned');
    return await stage.cleveland.evaluateJson('Ranges:keys', 'ra-turned~', 'ra-turned');
  }),
  pair('stub.getStateByRange', 'open at both ends leaves composite and empty keys out', async ({ cleveland }) => {
    await cleveland.submit('CompositeKeys:put', 'ra-kind', '["a"]', 'x');
    await cleveland.submit('State:put', '', 'x');
    await cleveland.submit('State:put', 'ra-open', 'x');
    const keys: string[] = await cleveland.evaluateJson('Ranges:keys', '', '');
    return [keys.includes('ra-open'), keys.some((key) => key === '' || key.includes('ra-kind'))];
  }),
  pair('stub.getStateByRange', 'open end reaches the last key', async ({ cleveland }) => {
    await cleveland.submit('State:put', '\u{10FFFD}ra-last', 'x');
    const keys: string[] = await cleveland.evaluateJson('Ranges:keys', '\u{10FFFD}ra', '');
    return keys;
  }),
  pair('stub.getStateByRange', 'keys come in the order of their bytes', async ({ cleveland }) => {
    for (const letter of ['\uFF5A', '\u{1F3E5}', 'z', 'Z', 'é'])
      await cleveland.submit('State:put', `ra-order-${letter}`, 'x');
    return await cleveland.evaluateJson('Ranges:keys', 'ra-order-', 'ra-order-\u{10FFFF}');
  }),
  pair('stub.getStateByRange', 'more than two batches', async ({ cleveland }) => {
    await cleveland.submit('State:putMany', 'ra-batches', '250');
    const keys: string[] = await cleveland.evaluateJson('Ranges:keys', 'ra-batches', 'ra-batches~');
    return [keys.length, keys.at(0), keys.at(99), keys.at(100), keys.at(-1)];
  }),
  pair('stub.getStateByRange', 'exactly one batch', async ({ cleveland }) => {
    await cleveland.submit('State:putMany', 'ra-hundred', '100');
    return await cleveland.evaluate('Ranges:count', 'ra-hundred', 'ra-hundred~');
  }),
  pair('stub.getStateByRange', 'start that begins with NUL is refused', ({ cleveland }) =>
    cleveland.evaluate('Ranges:first', '\u0000a', 'b'),
  ),
  pair('stub.getStateByRange', 'own writes of the transaction are not seen', async (stage) => {
    await five(stage, 'ra-own');
    return JSON.parse(await stage.cleveland.submit('Ranges:putThenKeys', 'ra-own00009', 'ra-own', 'ra-own~')).length;
  }),
  pair('stub.getStateByRange', 'deleted keys are left out', async (stage) => {
    await five(stage, 'ra-deleted');
    await stage.cleveland.submit('State:remove', 'ra-deleted00002');
    return await stage.cleveland.evaluateJson('Ranges:keys', 'ra-deleted', 'ra-deleted~');
  }),
  pair('stub.getStateByRange', 'in a transaction that commits', async (stage) => {
    await five(stage, 'ra-commits');
    return [
      await stage.cleveland.submit('Ranges:countThenPut', 'ra-commits', 'ra-commits~', 'ra-count'),
      await stage.cleveland.evaluate('State:get', 'ra-count'),
    ];
  }),
  pair('stub.getStateByRange', 'a key that appeared is a phantom', async (stage) => {
    await five(stage, 'ra-phantom');
    const counting = await stage.cleveland.endorse('Ranges:countThenPut', 'ra-phantom', 'ra-phantom~', 'ra-phantoms');
    await stage.cleveland.submit('State:put', 'ra-phantom00001x', 'x');
    return (await stage.cleveland.commit(counting)).code;
  }),
  pair('stub.getStateByRange', 'a key that was deleted is a phantom', async (stage) => {
    await five(stage, 'ra-vanished');
    const counting = await stage.cleveland.endorse('Ranges:countThenPut', 'ra-vanished', 'ra-vanished~', 'ra-phantoms');
    await stage.cleveland.submit('State:remove', 'ra-vanished00003');
    return (await stage.cleveland.commit(counting)).code;
  }),
  pair('stub.getStateByRange', 'a key that changed is a phantom', async (stage) => {
    await five(stage, 'ra-changed');
    const counting = await stage.cleveland.endorse('Ranges:countThenPut', 'ra-changed', 'ra-changed~', 'ra-phantoms');
    await stage.cleveland.submit('State:put', 'ra-changed00003', 'other');
    return (await stage.cleveland.commit(counting)).code;
  }),
  pair('stub.getStateByRange', 'a phantom among more than fifty keys', async ({ cleveland }) => {
    await cleveland.submit('State:putMany', 'ra-merkle', '120');
    const counting = await cleveland.endorse('Ranges:countThenPut', 'ra-merkle', 'ra-merkle~', 'ra-phantoms');
    await cleveland.submit('State:put', 'ra-merkle00077', 'other');
    const stale = (await cleveland.commit(counting)).code;
    return [stale, await cleveland.code('Ranges:countThenPut', 'ra-merkle', 'ra-merkle~', 'ra-phantoms')];
  }),
  pair('iterator.close', 'after the first result', async (stage) => {
    await five(stage, 'ra-first');
    return await stage.cleveland.evaluateJson('Ranges:first', 'ra-first', 'ra-first~');
  }),
  pair('iterator.close', 'by leaving the loop', async (stage) => {
    await five(stage, 'ra-left');
    return await stage.cleveland.evaluate('Ranges:breakAfterFirst', 'ra-left', 'ra-left~');
  }),
  pair('iterator.close', 'twice', async (stage) => {
    await five(stage, 'ra-closed');
    return await stage.cleveland.evaluate('Ranges:closeTwice', 'ra-closed', 'ra-closed~');
  }),
  pair('iterator.next', 'after the last result', async (stage) => {
    await five(stage, 'ra-done');
    return await stage.cleveland.evaluateJson('Ranges:nextAfterDone', 'ra-done', 'ra-done~');
  }),
  pair('iterator.next', 'after closing, what was fetched is still there', async (stage) => {
    await five(stage, 'ra-fetched');
    return await stage.cleveland.evaluate('Ranges:nextAfterClose', 'ra-fetched', 'ra-fetched~');
  }),
  pair('iterator.next', 'after closing, more is not fetched', async ({ cleveland }) => {
    await cleveland.submit('State:putMany', 'ra-unfetched', '150');
    return await cleveland.evaluate('Ranges:nextAfterClose', 'ra-unfetched', 'ra-unfetched~');
  }),
];

export const PAGES: readonly Case[] = [
  pair('stub.getStateByRangeWithPagination', 'first page', async (stage) => {
    await five(stage, 'pa-first');
    return await stage.cleveland.evaluateJson('Ranges:page', 'pa-first', 'pa-first~', '2', '');
  }),
  pair('stub.getStateByRangeWithPagination', 'page at a bookmark', async (stage) => {
    await five(stage, 'pa-next');
    return await stage.cleveland.evaluateJson('Ranges:page', 'pa-next', 'pa-next~', '2', 'pa-next00002');
  }),
  pair('stub.getStateByRangeWithPagination', 'last page', async (stage) => {
    await five(stage, 'pa-last');
    return await stage.cleveland.evaluateJson('Ranges:page', 'pa-last', 'pa-last~', '2', 'pa-last00004');
  }),
  pair('stub.getStateByRangeWithPagination', 'page that is exactly the rest', async (stage) => {
    await five(stage, 'pa-exact');
    return await stage.cleveland.evaluateJson('Ranges:page', 'pa-exact', 'pa-exact~', '5', '');
  }),
  pair('stub.getStateByRangeWithPagination', 'page larger than the range', async (stage) => {
    await five(stage, 'pa-large');
    return await stage.cleveland.evaluateJson('Ranges:page', 'pa-large', 'pa-large~', '50', '');
  }),
  pair('stub.getStateByRangeWithPagination', 'empty range', ({ cleveland }) =>
    cleveland.evaluateJson('Ranges:page', 'pa-none', 'pa-none~', '2', ''),
  ),
  pair('stub.getStateByRangeWithPagination', 'page of no size', async (stage) => {
    await five(stage, 'pa-zero');
    return await stage.cleveland.evaluateJson('Ranges:page', 'pa-zero', 'pa-zero~', '0', '');
  }),
  pair('stub.getStateByRangeWithPagination', 'page of negative size', async (stage) => {
    await five(stage, 'pa-negative');
    return await stage.cleveland.evaluateJson('Ranges:page', 'pa-negative', 'pa-negative~', '-1', '');
  }),
  pair('stub.getStateByRangeWithPagination', 'bookmark before the range', async (stage) => {
    await five(stage, 'pa-before');
    return await stage.cleveland.evaluateJson('Ranges:page', 'pa-before00002', 'pa-before~', '2', 'pa-before00000');
  }),
  pair('stub.getStateByRangeWithPagination', 'bookmark after the range', async (stage) => {
    await five(stage, 'pa-after');
    return await stage.cleveland.evaluateJson('Ranges:page', 'pa-after', 'pa-after00002', '2', 'pa-after00004');
  }),
  pair('stub.getStateByRangeWithPagination', 'page of more than one batch', async ({ cleveland }) => {
    await cleveland.submit('State:putMany', 'pa-batches', '150');
    const page = await cleveland.evaluateJson('Ranges:page', 'pa-batches', 'pa-batches~', '130', '');
    return { ...page, keys: page.keys.length };
  }),
  pair('stub.getStateByRangeWithPagination', 'loop over the page ends with it', async (stage) => {
    await five(stage, 'pa-loop');
    return await stage.cleveland.evaluateJson('Ranges:pageKeys', 'pa-loop', 'pa-loop~', '2');
  }),
  pair('stub.getStateByRangeWithPagination', 'in a transaction that writes nothing', async (stage) => {
    await five(stage, 'pa-submit');
    return JSON.parse(await stage.cleveland.submit('Ranges:page', 'pa-submit', 'pa-submit~', '2', ''));
  }),
  pair('stub.getStateByRangeWithPagination', 'a write afterwards is refused', ({ cleveland }) =>
    cleveland.submit('Ranges:pageThenPut', 'a', 'b', 'pa-key'),
  ),
  pair('stub.getStateByRangeWithPagination', 'after a write it is refused', ({ cleveland }) =>
    cleveland.submit('Ranges:putThenPage', 'a', 'b', 'pa-key'),
  ),
  pair('stub.getQueryResult', 'LevelDB has no such query', ({ cleveland }) =>
    cleveland.evaluate('Ranges:query', '{"selector":{}}'),
  ),
  pair('stub.getQueryResultWithPagination', 'LevelDB has no such query', ({ cleveland }) =>
    cleveland.evaluate('Ranges:queryPage', '{"selector":{}}'),
  ),
];
