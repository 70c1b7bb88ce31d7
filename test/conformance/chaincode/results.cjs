'use strict';
const { Contract } = require('fabric-contract-api');

/** What a function may return or throw, and how it may misbehave. */
class Results extends Contract {
  constructor() {
    super('Results');
  }

  async text() {
    return 'räksmörgås €';
  }

  async number() {
    return 42.5;
  }

  async boolean() {
    return false;
  }

  async object() {
    return { b: 1, a: [true, null], nothing: undefined };
  }

  async buffer() {
    return Buffer.from([0, 255]);
  }

  async bytes() {
    return new Uint8Array([0, 255]);
  }

  async nothing() {}

  async none() {
    return null;
  }

  async size(_ctx, bytes) {
    return 'x'.repeat(Number(bytes));
  }

  async fail(_ctx, message) {
    throw new Error(message);
  }

  async failWithText() {
    throw 'only a text';
  }

  async failLate(_ctx, delayMs) {
    await new Promise((resolve) => setTimeout(resolve, Number(delayMs)));
    throw new Error('late');
  }

  async failAt(ctx, organization) {
    if (ctx.stub.getMspID() === organization) throw new Error(`not at ${organization}`);
    await ctx.stub.putState('failAt', Buffer.from(organization));
    return 'ok';
  }

  /** Fails where the peer's organisation is one of a JSON array. */
  async failAtAny(ctx, organizations) {
    if (JSON.parse(organizations).includes(ctx.stub.getMspID())) throw new Error('not here');
    await ctx.stub.putState('failAtAny', Buffer.from('x'));
    return 'ok';
  }

  async differAt(ctx, organization) {
    await ctx.stub.putState('differAt', Buffer.from(ctx.stub.getMspID() === organization ? 'other' : 'same'));
    return 'ok';
  }

  async differ(ctx, key) {
    await ctx.stub.putState(key, Buffer.from(String(Math.random())));
  }

  async wait(ctx, delayMs) {
    await new Promise((resolve) => setTimeout(resolve, Number(delayMs)));
    await ctx.stub.putState('wait', Buffer.from(delayMs));
    return 'waited';
  }
}

module.exports.Results = Results;
