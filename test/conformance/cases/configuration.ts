import { common } from '@hyperledger/fabric-protos';
import type { Caller } from '../support/caller.js';
import { type Case, pair, pairOfAny } from '../support/case.js';
import { configurationIn, currentConfiguration, updateMsp } from '../support/configuration.js';
import { CLEVELAND, HUNGARY, SWITZERLAND } from '../support/hospitals.js';
import type { Stage } from '../support/stage.js';
import { first } from '../support/streams.js';

interface Revoked {
  readonly caller: Caller;
  /** Resolves when the caller's certificate is taken back everywhere. */
  revoke(): Promise<void>;
}

/** A person of Switzerland whose certificate can be taken back. */
async function person(stage: Stage): Promise<Revoked> {
  const credentials = await stage.person(SWITZERLAND, 'leaving');
  const caller = stage.caller(SWITZERLAND, credentials);
  return { caller, revoke: () => stage.revoke(credentials.certificate) };
}

async function revoked(stage: Stage): Promise<Caller> {
  const { caller, revoke } = await person(stage);
  await revoke();
  return caller;
}

async function admin(stage: Stage, msp: string) {
  return { of: msp, msp, credentials: await stage.person(msp, 'admin', { unit: 'admin' }) };
}

/** The one update of a configuration that both channels take, and what it is for: taking certificates back. */
export const CONFIGURATION: readonly Case[] = [
  pair('revoked certificate', 'evaluating', async (stage) => (await revoked(stage)).evaluate('Results:text')),
  pair('revoked certificate', 'evaluating at another hospital', async (stage) =>
    (await revoked(stage)).evaluateAt(CLEVELAND, 'Results:text'),
  ),
  pair('revoked certificate', 'endorsing', async (stage) => (await revoked(stage)).endorse('State:put', 'cf-a', 'x')),
  pairOfAny('revoked certificate', 'submitting what was endorsed before', async (stage) => {
    const { caller, revoke } = await person(stage);
    const transaction = await caller.endorse('State:put', 'cf-b', 'x');
    await revoke();
    return await transaction.submit();
  }),
  pair('revoked certificate', 'asking for a commit status', async (stage) => {
    const { caller, revoke } = await person(stage);
    const transaction = await caller.endorse('State:put', 'cf-c', 'x');
    await caller.commit(transaction);
    await revoke();
    return await caller.statusOf(transaction.getTransactionId()).getStatus();
  }),
  pair('revoked certificate', 'reading events', async (stage) => {
    const { network } = await revoked(stage);
    return (await first(await network.getChaincodeEvents(stage.chaincode, { startBlock: 0n }))) !== undefined;
  }),
  pair('revoked certificate', 'reading blocks', async (stage) => {
    const { network } = await revoked(stage);
    return (await first(await network.getBlockEvents({ startBlock: 0n }))) !== undefined;
  }),
  pair('revoked certificate', 'what it had committed stays', async (stage) => {
    const { caller, revoke } = await person(stage);
    await caller.submit('State:put', 'cf-stays', 'x');
    await revoke();
    return await stage.cleveland.evaluate('State:get', 'cf-stays');
  }),
  pair('revoked certificate', 'others of its hospital go on', async (stage) => {
    await revoked(stage);
    return await stage.switzerland.submit('State:put', 'cf-others', 'x');
  }),
  pair('configuration update', 'has a block of its own', async (stage) => {
    const number = BigInt(await stage.height(stage.cleveland));
    await revoked(stage);
    const block = await first(await stage.cleveland.network.getFilteredBlockEvents({ startBlock: number }));
    return block!
      .getFilteredTransactionsList()
      .map((each) => [each.getType(), each.getTxValidationCode(), each.getTxid().length]);
  }),
  pair('configuration update', 'is what later blocks name as the last configuration', async (stage) => {
    const number = await stage.height(stage.cleveland);
    await revoked(stage);
    const { cleveland } = stage;
    const { blockNumber } = await cleveland.commit(await cleveland.endorse('State:put', 'cf-named', 'x'));
    const block = await first(await cleveland.network.getBlockEvents({ startBlock: blockNumber }));
    const bytes = block!.getMetadata()!.getMetadataList_asU8()[common.BlockMetadataIndex.SIGNATURES]!;
    const value = common.Metadata.deserializeBinary(bytes).getValue_asU8();
    return common.OrdererBlockMetadata.deserializeBinary(value).getLastConfig()!.getIndex() === number;
  }),
  pair('configuration update', 'raises the sequence by one', async (stage) => {
    const before = (await currentConfiguration(stage)).getSequence();
    await revoked(stage);
    return (await currentConfiguration(stage)).getSequence() - before;
  }),
  pair('configuration update', 'leaves block 0 as it was', async (stage) => {
    await revoked(stage);
    return (await configurationIn(stage, 0n)).getSequence();
  }),
  pair('configuration update', 'by who is no administrator', async (stage) =>
    updateMsp(stage, {
      of: CLEVELAND,
      msp: CLEVELAND,
      credentials: stage.alice,
      change: (each) => each.setRootCertsList([]),
    }),
  ),
  pair('configuration update', 'by the administrator of another hospital', async (stage) => {
    const { msp, credentials } = await admin(stage, HUNGARY);
    return await updateMsp(stage, { of: CLEVELAND, msp, credentials, change: (each) => each.setRootCertsList([]) });
  }),
  pair('configuration update', 'from a configuration that is not the last one', async (stage) => {
    const from = await currentConfiguration(stage);
    const { caller, revoke } = await person(stage);
    await caller.evaluate('Results:text');
    await revoke();
    return await updateMsp(stage, {
      ...(await admin(stage, SWITZERLAND)),
      from,
      change: (each) => each.setRevocationListList([]),
    });
  }),
  pair('configuration update', 'that takes away every authority', async (stage) =>
    updateMsp(stage, { ...(await admin(stage, HUNGARY)), change: (each) => each.setRootCertsList([]) }),
  ),
  pair('configuration update', 'to another name', async (stage) =>
    updateMsp(stage, { ...(await admin(stage, HUNGARY)), change: (each) => each.setName('OtherMSP') }),
  ),
];
