'use strict';
const { Contract } = require('fabric-contract-api');
const { collect, keyAndValue } = require('./collect.cjs');

/** Private values. `collection` is any collection's name; `_implicit_org_X` is organisation X's own. */
class PrivateValues extends Contract {
  constructor() {
    super('PrivateValues');
  }

  /** Writes the transient value `value`. */
  async put(ctx, collection, key) {
    const value = ctx.stub.getTransient().get('value');
    if (!value) throw new Error('transient value missing');
    await ctx.stub.putPrivateData(collection, key, value);
  }

  /** Writes an argument: every reader of the block sees it, and no transient value is involved. */
  async putArgument(ctx, collection, key, value) {
    await ctx.stub.putPrivateData(collection, key, value);
  }

  async putEmpty(ctx, collection, key) {
    await ctx.stub.putPrivateData(collection, key, Buffer.alloc(0));
  }

  async putAndPublic(ctx, collection, key) {
    await ctx.stub.putPrivateData(collection, key, ctx.stub.getTransient().get('value'));
    await ctx.stub.putState(`public-${key}`, Buffer.from('x'));
  }

  async putTwo(ctx, first, second, key) {
    await ctx.stub.putPrivateData(first, key, ctx.stub.getTransient().get('value'));
    await ctx.stub.putPrivateData(second, key, ctx.stub.getTransient().get('value'));
  }

  async get(ctx, collection, key) {
    return (await ctx.stub.getPrivateData(collection, key)).toString();
  }

  async getThenPutPublic(ctx, collection, key, target) {
    const value = await ctx.stub.getPrivateData(collection, key);
    await ctx.stub.putState(target, Buffer.from(String(value.length)));
  }

  async putThenGet(ctx, collection, key, value) {
    await ctx.stub.putPrivateData(collection, key, value);
    return (await ctx.stub.getPrivateData(collection, key)).toString();
  }

  async hash(ctx, collection, key) {
    return Buffer.from(await ctx.stub.getPrivateDataHash(collection, key)).toString('hex');
  }

  async hashThenPut(ctx, collection, key, target) {
    const hash = await ctx.stub.getPrivateDataHash(collection, key);
    await ctx.stub.putState(target, Buffer.from(hash));
  }

  async remove(ctx, collection, key) {
    await ctx.stub.deletePrivateData(collection, key);
  }

  async purge(ctx, collection, key) {
    await ctx.stub.purgePrivateData(collection, key);
  }

  async range(ctx, collection, start, end) {
    return JSON.stringify(await collect(ctx.stub.getPrivateDataByRange(collection, start, end), keyAndValue));
  }

  async rangeThenPut(ctx, collection, start, end, key) {
    await collect(ctx.stub.getPrivateDataByRange(collection, start, end), keyAndValue);
    await ctx.stub.putPrivateData(collection, key, 'x');
  }

  async putThenRange(ctx, collection, start, end, key) {
    await ctx.stub.putPrivateData(collection, key, 'x');
    await collect(ctx.stub.getPrivateDataByRange(collection, start, end), keyAndValue);
  }

  async putParts(ctx, collection, type, attributes, value) {
    await ctx.stub.putPrivateData(collection, ctx.stub.createCompositeKey(type, JSON.parse(attributes)), value);
  }

  async findParts(ctx, collection, type, attributes) {
    const found = ctx.stub.getPrivateDataByPartialCompositeKey(collection, type, JSON.parse(attributes));
    return JSON.stringify(await collect(found, ({ key }) => ctx.stub.splitCompositeKey(key).attributes));
  }

  async query(ctx, collection, query) {
    await ctx.stub.getPrivateDataQueryResult(collection, query);
  }
}

module.exports.PrivateValues = PrivateValues;
