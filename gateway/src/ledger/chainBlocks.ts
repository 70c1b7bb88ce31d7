/** Blocks of the channel as the own peer has them, in Fabric's own bytes. */
import { refusal } from '@consilium/domain';
import type { Gateway } from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import { reasonOf } from './endorseFailure.js';
import type { ChannelNames } from './fabricChannel.js';

/** Places in a block's metadata (Fabric's `BlockMetadataIndex`). */
const [SIGNATURES, VALIDATION_CODES] = [0, 2];
const NOTHING = new Uint8Array();

export type ChainBlock = Readonly<{
  number: number;
  /** Hash of the block before, in hexadecimal digits; empty for the first. */
  previousHash: string;
  /** Fabric's `Block`: header, transactions, what the orderers signed, and the peers' verdicts; nothing else that a peer notes. */
  bytes: Uint8Array;
  /** The same without its transactions and verdicts. */
  seal: Uint8Array;
  /** The block that brought the configuration in force, as the orderers signed it. */
  lastConfiguration: number;
  /** Each with its id; empty where it has none. */
  transactions: readonly Readonly<{ id: string; bytes: Uint8Array }>[];
}>;

export class ChainBlocks {
  readonly #gateway: Gateway;
  readonly #names: ChannelNames;

  constructor(gateway: Gateway, names: ChannelNames) {
    this.#gateway = gateway;
    this.#names = names;
  }

  /** How many blocks there are. @throws ConsiliumError LEDGER_UNAVAILABLE */
  async height(): Promise<number> {
    return common.BlockchainInfo.deserializeBinary(await this.#ask('GetChainInfo')).getHeight();
  }

  /** @throws ConsiliumError LEDGER_UNAVAILABLE, LEDGER_RECORD_UNKNOWN */
  async block(number: number): Promise<ChainBlock> {
    const bytes = await this.#ask('GetBlockByNumber', String(number));
    const block = common.Block.deserializeBinary(bytes);
    const metadata = block.getMetadata()?.getMetadataList_asU8() ?? [];
    const [signatures, codes] = [SIGNATURES, VALIDATION_CODES].map((at) => metadata[at] ?? NOTHING) as [
      Uint8Array,
      Uint8Array,
    ];
    return {
      number,
      previousHash: Buffer.from(block.getHeader()?.getPreviousHash_asU8() ?? []).toString('hex'),
      bytes: blockOf(block.getHeader(), block.getData(), [signatures, NOTHING, codes]),
      seal: blockOf(block.getHeader(), undefined, [signatures]),
      lastConfiguration: lastConfigurationIn(signatures),
      transactions: (block.getData()?.getDataList_asU8() ?? []).map((envelope) => ({
        id: transactionId(envelope),
        bytes: envelope,
      })),
    };
  }

  /** Always the own peer: others may lag behind it. */
  async #ask(name: string, ...args: string[]): Promise<Uint8Array> {
    const { channel, msp } = this.#names;
    const contract = this.#gateway.getNetwork(channel).getContract('qscc');
    try {
      return await contract.evaluate(name, { arguments: [channel, ...args], endorsingOrganizations: [msp] });
    } catch (error) {
      const reason = reasonOf(error);
      if (/no such block number/.test(reason)) throw refusal('LEDGER_RECORD_UNKNOWN', { what: `block ${args[0]}` });
      throw refusal('LEDGER_UNAVAILABLE', { reason }, { cause: error });
    }
  }
}

function blockOf(
  header: common.BlockHeader | undefined,
  transactions: common.BlockData | undefined,
  metadata: readonly Uint8Array[],
): Uint8Array {
  const noted = new common.BlockMetadata();
  noted.setMetadataList([...metadata]);
  const block = new common.Block();
  block.setHeader(header);
  block.setData(transactions);
  block.setMetadata(noted);
  return block.serializeBinary();
}

function lastConfigurationIn(signatures: Uint8Array): number {
  const signed = common.Metadata.deserializeBinary(signatures);
  return common.OrdererBlockMetadata.deserializeBinary(signed.getValue_asU8()).getLastConfig()?.getIndex() ?? 0;
}

function transactionId(envelope: Uint8Array): string {
  const payload = common.Payload.deserializeBinary(common.Envelope.deserializeBinary(envelope).getPayload_asU8());
  return common.ChannelHeader.deserializeBinary(
    payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  ).getTxId();
}
