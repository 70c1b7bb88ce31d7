'use strict';
const { Contract } = require('fabric-contract-api');

/** What a chaincode learns of the proposal that it executes. */
class Proposals extends Contract {
  constructor() {
    super('Proposals');
  }

  async args(ctx) {
    return JSON.stringify(ctx.stub.getArgs());
  }

  async stringArgs(ctx, _first, _second) {
    return JSON.stringify(ctx.stub.getStringArgs());
  }

  async bufferArgs(ctx, _first, _second) {
    return JSON.stringify(ctx.stub.getBufferArgs().map((each) => each.toString('hex')));
  }

  async functionAndParameters(ctx, _first, _second) {
    return JSON.stringify(ctx.stub.getFunctionAndParameters());
  }

  async transactionId(ctx) {
    return ctx.stub.getTxID();
  }

  async channel(ctx) {
    return ctx.stub.getChannelID();
  }

  async creator(ctx) {
    const { mspid, idBytes } = ctx.stub.getCreator();
    return JSON.stringify({ mspid, certificate: Buffer.from(idBytes).toString() });
  }

  async peer(ctx) {
    return ctx.stub.getMspID();
  }

  async transient(ctx) {
    const entries = [...ctx.stub.getTransient()].map(([name, value]) => [name, value.toString('hex')]);
    return JSON.stringify(entries.sort());
  }

  async signedProposal(ctx) {
    const { signature, proposal } = ctx.stub.getSignedProposal();
    const { channelHeader, signatureHeader } = proposal.header;
    return JSON.stringify({
      signed: signature.length > 0,
      type: channelHeader.getType(),
      version: channelHeader.getVersion(),
      channel: channelHeader.getChannelId(),
      transactionId: channelHeader.getTxId(),
      epoch: channelHeader.getEpoch(),
      nonceBytes: signatureHeader.nonce.length,
      msp: signatureHeader.creator.getMspid(),
      transient: [...proposal.payload.getTransientmapMap().keys()],
    });
  }

  async timestamp(ctx) {
    const { seconds, nanos } = ctx.stub.getTxTimestamp();
    return JSON.stringify({ seconds: Number(seconds), nanos });
  }

  async date(ctx) {
    return ctx.stub.getDateTimestamp().toISOString();
  }

  async binding(ctx) {
    return ctx.stub.getBinding();
  }

  async clientId(ctx) {
    return ctx.clientIdentity.getID();
  }

  async clientMsp(ctx) {
    return ctx.clientIdentity.getMSPID();
  }

  async clientCertificate(ctx) {
    return Buffer.from(ctx.clientIdentity.getIDBytes()).toString();
  }

  async clientAttribute(ctx, name) {
    return JSON.stringify(ctx.clientIdentity.getAttributeValue(name));
  }

  async clientHasAttribute(ctx, name, value) {
    return ctx.clientIdentity.assertAttributeValue(name, value);
  }
}

module.exports.Proposals = Proposals;
