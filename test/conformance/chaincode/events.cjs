'use strict';
const { Contract } = require('fabric-contract-api');

/** What a transaction tells others. */
class Events extends Contract {
  constructor() {
    super('Events');
  }

  async put(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    ctx.stub.setEvent('Put', Buffer.from(JSON.stringify({ key, value })));
  }

  /** An event without a write. */
  async say(ctx, name, payload) {
    ctx.stub.setEvent(name, Buffer.from(payload));
  }

  async sayNothing(ctx, name) {
    ctx.stub.setEvent(name);
  }

  async sayTwice(ctx, first, second) {
    ctx.stub.setEvent(first, Buffer.from('1'));
    ctx.stub.setEvent(second, Buffer.from('2'));
  }

  async sayThenFail(ctx, name) {
    ctx.stub.setEvent(name, Buffer.from('x'));
    throw new Error('said, then failed');
  }

  async incrementAndSay(ctx, key, name) {
    const next = Number((await ctx.stub.getState(key)).toString() || 0) + 1;
    await ctx.stub.putState(key, Buffer.from(String(next)));
    ctx.stub.setEvent(name, Buffer.from(String(next)));
  }

  async saySize(ctx, name, bytes) {
    ctx.stub.setEvent(name, Buffer.alloc(Number(bytes), 'x'));
  }
}

module.exports.Events = Events;
