import { type Case, pair } from '../support/case.js';
import type { Stage } from '../support/stage.js';

/** Three values under two first parts. */
async function three({ cleveland }: Stage, type: string): Promise<void> {
  await cleveland.submit('CompositeKeys:put', type, '["x","1"]', 'one');
  await cleveland.submit('CompositeKeys:put', type, '["x","2"]', 'two');
  await cleveland.submit('CompositeKeys:put', type, '["y","1"]', 'three');
}

export const COMPOSITE_KEYS: readonly Case[] = [
  pair('stub.createCompositeKey', 'parts between NULs', ({ cleveland }) =>
    cleveland.evaluate('CompositeKeys:key', 'kind', '["a","b"]'),
  ),
  pair('stub.createCompositeKey', 'type alone', ({ cleveland }) =>
    cleveland.evaluate('CompositeKeys:key', 'kind', '[]'),
  ),
  pair('stub.createCompositeKey', 'empty part is refused', ({ cleveland }) =>
    cleveland.evaluate('CompositeKeys:key', 'kind', '["a",""]'),
  ),
  pair('stub.createCompositeKey', 'empty type is refused', ({ cleveland }) =>
    cleveland.evaluate('CompositeKeys:key', '', '["a"]'),
  ),
  pair('stub.createCompositeKey', 'parts that are no list are refused', ({ cleveland }) =>
    cleveland.evaluate('CompositeKeys:key', 'kind', '"a"'),
  ),
  pair('stub.splitCompositeKey', 'type and parts', ({ cleveland }) =>
    cleveland.evaluateJson('CompositeKeys:split', Buffer.from('\0kind\0a\0b\0').toString('hex')),
  ),
  pair('stub.splitCompositeKey', 'a plain key has neither', ({ cleveland }) =>
    cleveland.evaluateJson('CompositeKeys:split', Buffer.from('plain').toString('hex')),
  ),
  pair('stub.putState', 'composite key comes back', async ({ cleveland }) => {
    await cleveland.submit('CompositeKeys:put', 'ck-back', '["a","b"]', 'value');
    return await cleveland.evaluate('CompositeKeys:get', 'ck-back', '["a","b"]');
  }),
  pair('stub.deleteState', 'composite key', async ({ cleveland }) => {
    await cleveland.submit('CompositeKeys:put', 'ck-gone', '["a"]', 'value');
    await cleveland.submit('CompositeKeys:remove', 'ck-gone', '["a"]');
    return await cleveland.evaluateJson('CompositeKeys:find', 'ck-gone', '[]');
  }),
  pair('stub.getStateByPartialCompositeKey', 'by type', async (stage) => {
    await three(stage, 'ck-type');
    return await stage.cleveland.evaluateJson('CompositeKeys:find', 'ck-type', '[]');
  }),
  pair('stub.getStateByPartialCompositeKey', 'by first part', async (stage) => {
    await three(stage, 'ck-part');
    return await stage.cleveland.evaluateJson('CompositeKeys:find', 'ck-part', '["x"]');
  }),
  pair('stub.getStateByPartialCompositeKey', 'whole key finds nothing', async (stage) => {
    await three(stage, 'ck-whole');
    return await stage.cleveland.evaluateJson('CompositeKeys:find', 'ck-whole', '["y","1"]');
  }),
  pair('stub.getStateByPartialCompositeKey', 'a part is no prefix of a longer one', async ({ cleveland }) => {
    await cleveland.submit('CompositeKeys:put', 'ck-prefix', '["ab","1"]', 'one');
    return await cleveland.evaluateJson('CompositeKeys:find', 'ck-prefix', '["a"]');
  }),
  pair('stub.getStateByPartialCompositeKey', 'a new key is a phantom', async (stage) => {
    await three(stage, 'ck-phantom');
    const counting = await stage.cleveland.endorse('CompositeKeys:findThenPut', 'ck-phantom', '["x"]', 'ck-count');
    await stage.cleveland.submit('CompositeKeys:put', 'ck-phantom', '["x","3"]', 'four');
    return (await stage.cleveland.commit(counting)).code;
  }),
  pair('stub.getStateByPartialCompositeKeyWithPagination', 'first page', async (stage) => {
    await three(stage, 'ck-page');
    return await stage.cleveland.evaluateJson('CompositeKeys:page', 'ck-page', '[]', '2', '');
  }),
  pair('stub.getStateByPartialCompositeKeyWithPagination', 'last page', async (stage) => {
    await three(stage, 'ck-pages');
    const { bookmark } = await stage.cleveland.evaluateJson('CompositeKeys:page', 'ck-pages', '[]', '2', '');
    return await stage.cleveland.evaluateJson('CompositeKeys:page', 'ck-pages', '[]', '2', bookmark);
  }),
];
