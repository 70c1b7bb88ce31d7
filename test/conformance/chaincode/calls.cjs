'use strict';
const { Contract } = require('fabric-contract-api');

/** One chaincode calling another. */
class Calls extends Contract {
  constructor() {
    super('Calls');
  }

  /** `channel` '' is the own one; `args` is a JSON array. */
  async call(ctx, chaincode, channel, args) {
    const { status, message, payload } = await ctx.stub.invokeChaincode(chaincode, JSON.parse(args), channel);
    return JSON.stringify({ status, message, payload: payload.toString() });
  }
}

module.exports.Calls = Calls;
