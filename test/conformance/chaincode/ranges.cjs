'use strict';
const { Contract } = require('fabric-contract-api');
const { collect, keyAndValue } = require('./collect.cjs');

/** Ranges of keys, whole and page by page, and the queries that only other state databases have. */
class Ranges extends Contract {
  constructor() {
    super('Ranges');
  }

  async all(ctx, start, end) {
    return JSON.stringify(await collect(ctx.stub.getStateByRange(start, end), keyAndValue));
  }

  async keys(ctx, start, end) {
    return JSON.stringify(await collect(ctx.stub.getStateByRange(start, end), ({ key }) => key));
  }

  async count(ctx, start, end) {
    return (await collect(ctx.stub.getStateByRange(start, end), () => 1)).length;
  }

  async countThenPut(ctx, start, end, key) {
    const found = await collect(ctx.stub.getStateByRange(start, end), () => 1);
    await ctx.stub.putState(key, Buffer.from(String(found.length)));
    return String(found.length);
  }

  async putThenKeys(ctx, key, start, end) {
    await ctx.stub.putState(key, Buffer.from('x'));
    return JSON.stringify(await collect(ctx.stub.getStateByRange(start, end), ({ key: found }) => found));
  }

  /** Takes the first result only and closes the iterator. */
  async first(ctx, start, end) {
    const iterator = await ctx.stub.getStateByRange(start, end);
    const { value } = await iterator.next();
    await iterator.close();
    return JSON.stringify(value?.key ?? null);
  }

  async breakAfterFirst(ctx, start, end) {
    for await (const { key } of ctx.stub.getStateByRange(start, end)) return key;
    return '';
  }

  async nextAfterDone(ctx, start, end) {
    const iterator = await ctx.stub.getStateByRange(start, end);
    let each = await iterator.next();
    while (!each.done) each = await iterator.next();
    return JSON.stringify(await iterator.next());
  }

  async closeTwice(ctx, start, end) {
    const iterator = await ctx.stub.getStateByRange(start, end);
    await iterator.close();
    await iterator.close();
    return 'closed';
  }

  /** Goes on after closing: what was fetched is still there, more is not. */
  async nextAfterClose(ctx, start, end) {
    const iterator = await ctx.stub.getStateByRange(start, end);
    await iterator.close();
    let count = 0;
    for (let each = await iterator.next(); !each.done; each = await iterator.next()) count += 1;
    return count;
  }

  async page(ctx, start, end, size, bookmark) {
    const { iterator, metadata } = await ctx.stub.getStateByRangeWithPagination(start, end, Number(size), bookmark);
    const keys = [];
    for (let each = await iterator.next(); !each.done; each = await iterator.next()) keys.push(each.value.key);
    return JSON.stringify({ keys, ...metadata });
  }

  async pageKeys(ctx, start, end, size) {
    const pages = ctx.stub.getStateByRangeWithPagination(start, end, Number(size), '');
    return JSON.stringify(await collect(pages, ({ key }) => key));
  }

  async pageThenPut(ctx, start, end, key) {
    await ctx.stub.getStateByRangeWithPagination(start, end, 2, '');
    await ctx.stub.putState(key, Buffer.from('x'));
  }

  async putThenPage(ctx, start, end, key) {
    await ctx.stub.putState(key, Buffer.from('x'));
    await ctx.stub.getStateByRangeWithPagination(start, end, 2, '');
  }

  async query(ctx, query) {
    await ctx.stub.getQueryResult(query);
  }

  async queryPage(ctx, query) {
    await ctx.stub.getQueryResultWithPagination(query, 2, '');
  }
}

module.exports.Ranges = Ranges;
