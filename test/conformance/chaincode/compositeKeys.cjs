'use strict';
const { Contract } = require('fabric-contract-api');
const { collect } = require('./collect.cjs');

/** Keys made of parts. `attributes` are JSON arrays. */
class CompositeKeys extends Contract {
  constructor() {
    super('CompositeKeys');
  }

  async key(ctx, type, attributes) {
    return Buffer.from(ctx.stub.createCompositeKey(type, JSON.parse(attributes))).toString('hex');
  }

  async split(ctx, digits) {
    return JSON.stringify(ctx.stub.splitCompositeKey(Buffer.from(digits, 'hex').toString()));
  }

  async put(ctx, type, attributes, value) {
    await ctx.stub.putState(ctx.stub.createCompositeKey(type, JSON.parse(attributes)), Buffer.from(value));
  }

  async get(ctx, type, attributes) {
    return (await ctx.stub.getState(ctx.stub.createCompositeKey(type, JSON.parse(attributes)))).toString();
  }

  async remove(ctx, type, attributes) {
    await ctx.stub.deleteState(ctx.stub.createCompositeKey(type, JSON.parse(attributes)));
  }

  async find(ctx, type, attributes) {
    const found = ctx.stub.getStateByPartialCompositeKey(type, JSON.parse(attributes));
    return JSON.stringify(
      await collect(found, ({ key, value }) => [...ctx.stub.splitCompositeKey(key).attributes, value.toString()]),
    );
  }

  async findThenPut(ctx, type, attributes, key) {
    const found = await collect(ctx.stub.getStateByPartialCompositeKey(type, JSON.parse(attributes)), () => 1);
    await ctx.stub.putState(key, Buffer.from(String(found.length)));
    return String(found.length);
  }

  async page(ctx, type, attributes, size, bookmark) {
    const { iterator, metadata } = await ctx.stub.getStateByPartialCompositeKeyWithPagination(
      type,
      JSON.parse(attributes),
      Number(size),
      bookmark,
    );
    const found = [];
    for (let each = await iterator.next(); !each.done; each = await iterator.next()) {
      found.push(ctx.stub.splitCompositeKey(each.value.key).attributes);
    }
    return JSON.stringify({ found, ...metadata });
  }
}

module.exports.CompositeKeys = CompositeKeys;
