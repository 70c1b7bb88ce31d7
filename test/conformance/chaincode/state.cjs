'use strict';
const { Contract } = require('fabric-contract-api');

/** Single keys. */
class State extends Contract {
  constructor() {
    super('State');
  }

  async put(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    return 'ok';
  }

  /** The bytes that the hexadecimal digits stand for. */
  async putHex(ctx, key, digits) {
    await ctx.stub.putState(key, Buffer.from(digits, 'hex'));
  }

  async putNothing(ctx, key) {
    await ctx.stub.putState(key, undefined);
  }

  async putSize(ctx, key, bytes) {
    await ctx.stub.putState(key, Buffer.alloc(Number(bytes), 'x'));
  }

  async get(ctx, key) {
    return (await ctx.stub.getState(key)).toString();
  }

  async getHex(ctx, key) {
    return (await ctx.stub.getState(key)).toString('hex');
  }

  async length(ctx, key) {
    return (await ctx.stub.getState(key)).length;
  }

  async remove(ctx, key) {
    await ctx.stub.deleteState(key);
  }

  async increment(ctx, key) {
    const next = Number((await ctx.stub.getState(key)).toString() || 0) + 1;
    await ctx.stub.putState(key, Buffer.from(String(next)));
    return String(next);
  }

  async putThenGet(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    return (await ctx.stub.getState(key)).toString();
  }

  async removeThenGet(ctx, key) {
    await ctx.stub.deleteState(key);
    return (await ctx.stub.getState(key)).toString();
  }

  async putTwice(ctx, key, first, second) {
    await ctx.stub.putState(key, Buffer.from(first));
    await ctx.stub.putState(key, Buffer.from(second));
  }

  async putThenRemove(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    await ctx.stub.deleteState(key);
  }

  async removeThenPut(ctx, key, value) {
    await ctx.stub.deleteState(key);
    await ctx.stub.putState(key, Buffer.from(value));
  }

  /** Many keys, asked for at once: `PREFIX00000`, `PREFIX00001`… */
  async putMany(ctx, prefix, count) {
    const keys = Array.from({ length: Number(count) }, (_, index) => prefix + String(index).padStart(5, '0'));
    await Promise.all(keys.map((key, index) => ctx.stub.putState(key, Buffer.from(`v${index}`))));
  }

  /** Keys of a JSON array, asked for at once. */
  async getMany(ctx, keys) {
    return JSON.stringify((await Promise.all(JSON.parse(keys).map((key) => ctx.stub.getState(key)))).map(String));
  }
}

module.exports.State = State;
