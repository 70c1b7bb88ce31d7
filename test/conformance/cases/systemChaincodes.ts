import { common, peer } from '@hyperledger/fabric-protos';
import { headerDigest } from '../support/blockHash.js';
import { type Case, pair } from '../support/case.js';
import type { Stage } from '../support/stage.js';
import { first } from '../support/streams.js';

/** Asks a system chaincode of Cleveland's peer. */
async function ask(
  { cleveland }: Stage,
  chaincode: string,
  name: string,
  ...args: (string | Uint8Array)[]
): Promise<Uint8Array> {
  return await cleveland.network.getContract(chaincode).evaluateTransaction(name, ...args);
}

async function committed({ cleveland }: Stage, key: string) {
  const transaction = await cleveland.endorse('State:put', key, 'x');
  return { id: transaction.getTransactionId(), ...(await cleveland.commit(transaction)) };
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(common.Block.deserializeBinary(bytes).getHeader()!.getNumber());
}

export const SYSTEM_CHAINCODES: readonly Case[] = [
  pair('qscc.GetChainInfo', 'height and digests', async (stage) => {
    const { blockNumber } = await committed(stage, 'sc-a');
    const info = common.BlockchainInfo.deserializeBinary(await ask(stage, 'qscc', 'GetChainInfo', stage.channel));
    const block = await first(await stage.cleveland.network.getBlockEvents({ startBlock: blockNumber }));
    const header = block!.getHeader()!;
    return [
      BigInt(info.getHeight()) === blockNumber + 1n,
      headerDigest(header).equals(info.getCurrentblockhash_asU8()),
      Buffer.from(header.getPreviousHash_asU8()).equals(info.getPreviousblockhash_asU8()),
    ];
  }),
  pair('qscc.GetChainInfo', 'unknown channel', (stage) => ask(stage, 'qscc', 'GetChainInfo', 'nope')),
  pair('qscc.GetChainInfo', 'no channel', (stage) => ask(stage, 'qscc', 'GetChainInfo')),
  pair('qscc.GetBlockByNumber', 'block', async (stage) =>
    Number(numberOf(await ask(stage, 'qscc', 'GetBlockByNumber', stage.channel, '1'))),
  ),
  pair('qscc.GetBlockByNumber', 'block that does not exist', (stage) =>
    ask(stage, 'qscc', 'GetBlockByNumber', stage.channel, '4000000'),
  ),
  pair('qscc.GetBlockByNumber', 'no number', (stage) => ask(stage, 'qscc', 'GetBlockByNumber', stage.channel, 'one')),
  pair('qscc.GetBlockByNumber', 'argument missing', (stage) => ask(stage, 'qscc', 'GetBlockByNumber', stage.channel)),
  pair('qscc.GetBlockByHash', 'block', async (stage) => {
    const block = await first(await stage.cleveland.network.getBlockEvents({ startBlock: 1n }));
    const digest = headerDigest(block!.getHeader()!);
    return Number(numberOf(await ask(stage, 'qscc', 'GetBlockByHash', stage.channel, digest)));
  }),
  pair('qscc.GetBlockByHash', 'unknown digest', (stage) =>
    ask(stage, 'qscc', 'GetBlockByHash', stage.channel, Buffer.alloc(32)),
  ),
  pair('qscc.GetBlockByTxID', 'block', async (stage) => {
    const { id, blockNumber } = await committed(stage, 'sc-b');
    return numberOf(await ask(stage, 'qscc', 'GetBlockByTxID', stage.channel, id)) === blockNumber;
  }),
  pair('qscc.GetBlockByTxID', 'unknown transaction', (stage) =>
    ask(stage, 'qscc', 'GetBlockByTxID', stage.channel, 'ef'.repeat(32)),
  ),
  pair('qscc.GetTransactionByID', 'transaction with its code', async (stage) => {
    const { id } = await committed(stage, 'sc-c');
    const bytes = await ask(stage, 'qscc', 'GetTransactionByID', stage.channel, id);
    const processed = peer.ProcessedTransaction.deserializeBinary(bytes);
    return [processed.getValidationcode(), processed.getTransactionenvelope()!.getSignature_asU8().length > 0];
  }),
  pair('qscc.GetTransactionByID', 'unknown transaction', (stage) =>
    ask(stage, 'qscc', 'GetTransactionByID', stage.channel, 'ef'.repeat(32)),
  ),
  pair('qscc', 'unknown function', (stage) => ask(stage, 'qscc', 'Nothing', stage.channel, 'x')),
  pair('qscc', 'unknown function without argument', (stage) => ask(stage, 'qscc', 'Nothing', stage.channel)),
  pair('qscc', 'submitted', async ({ cleveland, channel }) => {
    await cleveland.network.getContract('qscc').submitTransaction('GetChainInfo', channel);
  }),
  pair('cscc.GetChannels', 'channels of the peer', async (stage) => {
    const answer = peer.ChannelQueryResponse.deserializeBinary(await ask(stage, 'cscc', 'GetChannels'));
    return answer.getChannelsList().map((each) => each.getChannelId() === stage.channel);
  }),
  pair('cscc.GetConfigBlock', 'block of the configuration', async (stage) =>
    Number(numberOf(await ask(stage, 'cscc', 'GetConfigBlock', stage.channel))),
  ),
  pair('cscc.GetConfigBlock', 'unknown channel', (stage) => ask(stage, 'cscc', 'GetConfigBlock', 'nope')),
  pair('cscc.GetChannelConfig', 'sequence', async (stage) => {
    const bytes = await ask(stage, 'cscc', 'GetChannelConfig', stage.channel);
    return common.Config.deserializeBinary(bytes).getSequence();
  }),
  pair('cscc', 'unknown function', (stage) => ask(stage, 'cscc', 'Nothing', stage.channel)),
  pair('cscc', 'argument missing', (stage) => ask(stage, 'cscc', 'GetConfigBlock')),
  pair('cscc.GetChannelConfig', 'no channel', (stage) => ask(stage, 'cscc', 'GetChannelConfig', '')),
  pair('cscc.GetChannelConfig', 'unknown channel', (stage) => ask(stage, 'cscc', 'GetChannelConfig', 'nope')),
];
