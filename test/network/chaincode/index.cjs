'use strict';
/** A contract that exercises what a channel has to offer; used by the channel's tests only. */
const { Contract } = require('fabric-contract-api');
const { KeyEndorsementPolicy } = require('fabric-shim');

const json = (value) => JSON.stringify(value);

async function collect(iterator, each) {
  const results = [];
  for await (const result of iterator) results.push(each(result));
  return results;
}

class Demo extends Contract {
  constructor() {
    super('Demo');
  }

  async put(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    return 'ok';
  }

  async get(ctx, key) {
    return (await ctx.stub.getState(key)).toString();
  }

  async del(ctx, key) {
    await ctx.stub.deleteState(key);
  }

  async incr(ctx, key) {
    const next = Number((await ctx.stub.getState(key)).toString() || 0) + 1;
    await ctx.stub.putState(key, Buffer.from(String(next)));
    return String(next);
  }

  async putThenGet(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    return (await ctx.stub.getState(key)).toString();
  }

  async putEvent(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    ctx.stub.setEvent('Put', Buffer.from(json({ key, value })));
  }

  async putMany(ctx, prefix, count) {
    for (let index = 0; index < Number(count); index++) {
      await ctx.stub.putState(prefix + String(index).padStart(5, '0'), Buffer.from(`v${index}`));
    }
  }

  async range(ctx, start, end) {
    return json(await collect(ctx.stub.getStateByRange(start, end), ({ key, value }) => [key, value.toString()]));
  }

  async rangeFirst(ctx, start, end) {
    const iterator = await ctx.stub.getStateByRange(start, end);
    const first = await iterator.next();
    await iterator.close();
    return json(first.value?.key ?? null);
  }

  async countThenPut(ctx, start, end, key) {
    const found = await collect(ctx.stub.getStateByRange(start, end), () => 1);
    await ctx.stub.putState(key, Buffer.from(String(found.length)));
    return String(found.length);
  }

  async page(ctx, start, end, size, bookmark) {
    const { iterator, metadata } = await ctx.stub.getStateByRangeWithPagination(start, end, Number(size), bookmark);
    const keys = [];
    for (let each = await iterator.next(); !each.done; each = await iterator.next()) keys.push(each.value.key);
    return json({ keys, ...metadata });
  }

  async pageThenPut(ctx, start, end, key) {
    await ctx.stub.getStateByRangeWithPagination(start, end, 2, '');
    await ctx.stub.putState(key, Buffer.from('x'));
  }

  async putThenPage(ctx, start, end, key) {
    await ctx.stub.putState(key, Buffer.from('x'));
    await ctx.stub.getStateByRangeWithPagination(start, end, 2, '');
  }

  async putComposite(ctx, type, a, b, value) {
    await ctx.stub.putState(ctx.stub.createCompositeKey(type, [a, b]), Buffer.from(value));
  }

  async byComposite(ctx, type, a) {
    const iterator = ctx.stub.getStateByPartialCompositeKey(type, a ? [a] : []);
    return json(
      await collect(iterator, ({ key, value }) => [...ctx.stub.splitCompositeKey(key).attributes, value.toString()]),
    );
  }

  async pageComposite(ctx, type, size, bookmark) {
    const { iterator, metadata } = await ctx.stub.getStateByPartialCompositeKeyWithPagination(
      type,
      [],
      Number(size),
      bookmark,
    );
    const found = [];
    for (let each = await iterator.next(); !each.done; each = await iterator.next()) {
      found.push(ctx.stub.splitCompositeKey(each.value.key).attributes.join('/'));
    }
    return json({ found, ...metadata });
  }

  async history(ctx, key) {
    const iterator = ctx.stub.getHistoryForKey(key);
    return json(
      await collect(iterator, ({ txId, value, isDelete, timestamp }) => ({
        txId,
        value: value.toString(),
        isDelete,
        seconds: Number(timestamp.seconds),
      })),
    );
  }

  #own(ctx) {
    return `_implicit_org_${ctx.clientIdentity.getMSPID()}`;
  }

  async putPrivate(ctx, key) {
    const value = ctx.stub.getTransient().get('value');
    if (!value) throw new Error('transient value missing');
    await ctx.stub.putPrivateData(this.#own(ctx), key, value);
  }

  async putPrivateAndPublic(ctx, key) {
    await ctx.stub.putPrivateData(this.#own(ctx), key, ctx.stub.getTransient().get('value'));
    await ctx.stub.putState(`pub-${key}`, Buffer.from('x'));
  }

  async getPrivate(ctx, key) {
    return (await ctx.stub.getPrivateData(this.#own(ctx), key)).toString();
  }

  async getPrivateOf(ctx, organization, key) {
    return (await ctx.stub.getPrivateData(`_implicit_org_${organization}`, key)).toString();
  }

  async putPrivateIn(ctx, collection, key) {
    await ctx.stub.putPrivateData(collection, key, ctx.stub.getTransient().get('value'));
  }

  async hashIn(ctx, collection, key) {
    return Buffer.from(await ctx.stub.getPrivateDataHash(collection, key)).toString('hex');
  }

  async getPrivateIn(ctx, collection, key) {
    return (await ctx.stub.getPrivateData(collection, key)).toString();
  }

  async privateHash(ctx, organization, key) {
    const hash = await ctx.stub.getPrivateDataHash(`_implicit_org_${organization}`, key);
    return Buffer.from(hash).toString('hex');
  }

  async delPrivate(ctx, key) {
    await ctx.stub.deletePrivateData(this.#own(ctx), key);
  }

  async purge(ctx, key) {
    await ctx.stub.purgePrivateData(this.#own(ctx), key);
  }

  async rangePrivate(ctx, start, end) {
    const iterator = ctx.stub.getPrivateDataByRange(this.#own(ctx), start, end);
    return json(await collect(iterator, ({ key, value }) => [key, value.toString()]));
  }

  async setKeyPolicy(ctx, key, organizations) {
    const policy = new KeyEndorsementPolicy();
    policy.addOrgs('PEER', ...JSON.parse(organizations));
    await ctx.stub.setStateValidationParameter(key, policy.getPolicy());
  }

  async getKeyPolicy(ctx, key) {
    const bytes = await ctx.stub.getStateValidationParameter(key);
    return json(bytes?.length ? new KeyEndorsementPolicy(bytes).listOrgs() : []);
  }

  async fail(_ctx, message) {
    throw new Error(message);
  }

  async failAt(ctx, organization) {
    if (ctx.stub.getMspID() === organization) throw new Error(`not at ${organization}`);
    await ctx.stub.putState('failAt', Buffer.from(organization));
    return 'ok';
  }

  async random(ctx, key) {
    await ctx.stub.putState(key, Buffer.from(String(Math.random())));
  }

  async differAt(ctx, organization) {
    await ctx.stub.putState('differAt', Buffer.from(ctx.stub.getMspID() === organization ? 'other' : 'same'));
    return 'ok';
  }

  async who(ctx) {
    return json({
      id: ctx.clientIdentity.getID(),
      msp: ctx.clientIdentity.getMSPID(),
      role: ctx.clientIdentity.getAttributeValue('consilium.role'),
      peer: ctx.stub.getMspID(),
      txId: ctx.stub.getTxID(),
      channel: ctx.stub.getChannelID(),
    });
  }

  async peer(ctx) {
    return ctx.stub.getMspID();
  }

  async rich(ctx) {
    await ctx.stub.getQueryResult('{}');
  }

  async invoke(ctx, chaincode) {
    const response = await ctx.stub.invokeChaincode(chaincode, ['x'], '');
    return json({ status: response.status, message: response.message });
  }

  async big(_ctx, size) {
    return 'x'.repeat(Number(size));
  }

  async slow(ctx, delayMs) {
    await new Promise((resolve) => setTimeout(resolve, Number(delayMs)));
    await ctx.stub.putState('slow', Buffer.from(delayMs));
  }

  async crash() {
    process.exit(7);
  }
}

module.exports.contracts = [Demo];
