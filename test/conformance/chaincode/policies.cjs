'use strict';
const { Contract } = require('fabric-contract-api');
const { KeyEndorsementPolicy } = require('fabric-shim');

/** Who must endorse the next change of one key. `organizations` are JSON arrays. */
class Policies extends Contract {
  constructor() {
    super('Policies');
  }

  async set(ctx, key, organizations) {
    await ctx.stub.setStateValidationParameter(key, policyOf(organizations));
  }

  async setBytes(ctx, key, digits) {
    await ctx.stub.setStateValidationParameter(key, Buffer.from(digits, 'hex'));
  }

  async setAndPut(ctx, key, organizations, value) {
    await ctx.stub.setStateValidationParameter(key, policyOf(organizations));
    await ctx.stub.putState(key, Buffer.from(value));
  }

  async setMember(ctx, key, organizations) {
    await ctx.stub.setStateValidationParameter(key, policyOf(organizations, 'MEMBER'));
  }

  async get(ctx, key) {
    return organizationsOf(await ctx.stub.getStateValidationParameter(key));
  }

  async getHex(ctx, key) {
    return Buffer.from((await ctx.stub.getStateValidationParameter(key)) ?? []).toString('hex');
  }

  async setThenGet(ctx, key, organizations) {
    await ctx.stub.setStateValidationParameter(key, policyOf(organizations));
    return organizationsOf(await ctx.stub.getStateValidationParameter(key));
  }

  async setPrivate(ctx, collection, key, organizations) {
    await ctx.stub.setPrivateDataValidationParameter(collection, key, policyOf(organizations));
  }

  async getPrivate(ctx, collection, key) {
    return organizationsOf(await ctx.stub.getPrivateDataValidationParameter(collection, key));
  }
}

function policyOf(organizations, role = 'PEER') {
  const policy = new KeyEndorsementPolicy();
  policy.addOrgs(role, ...JSON.parse(organizations));
  return policy.getPolicy();
}

function organizationsOf(bytes) {
  return JSON.stringify(bytes?.length ? new KeyEndorsementPolicy(bytes).listOrgs() : []);
}

module.exports.Policies = Policies;
