'use strict';
const { Contract } = require('fabric-contract-api');
const { collect } = require('./collect.cjs');

/** What a key held before. */
class History extends Contract {
  constructor() {
    super('History');
  }

  async of(ctx, key) {
    return JSON.stringify(
      await collect(ctx.stub.getHistoryForKey(key), ({ txId, value, isDelete, timestamp }) => ({
        txId,
        value: value.toString(),
        isDelete,
        seconds: Number(timestamp.seconds),
        nanos: timestamp.nanos,
      })),
    );
  }

  async count(ctx, key) {
    return (await collect(ctx.stub.getHistoryForKey(key), () => 1)).length;
  }

  async ofParts(ctx, type, attributes) {
    const key = ctx.stub.createCompositeKey(type, JSON.parse(attributes));
    return JSON.stringify(await collect(ctx.stub.getHistoryForKey(key), ({ value }) => value.toString()));
  }

  async countThenPut(ctx, key, target) {
    const found = await collect(ctx.stub.getHistoryForKey(key), () => 1);
    await ctx.stub.putState(target, Buffer.from(String(found.length)));
    return String(found.length);
  }

  async putThenCount(ctx, key) {
    await ctx.stub.putState(key, Buffer.from('again'));
    return (await collect(ctx.stub.getHistoryForKey(key), () => 1)).length;
  }
}

module.exports.History = History;
