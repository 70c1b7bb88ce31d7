/** Blocks of the channel as the own peer has them, in Fabric's own bytes. */
import { refusal } from '@consilium/domain';
import type { Gateway } from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import { reasonOf } from './endorseFailure.js';
import type { ChannelNames } from './fabricChannel.js';

export type ChainBlock = Readonly<{
  number: number;
  /** Hash of the block before, in hexadecimal digits; empty for the first. */
  previousHash: string;
  /** Fabric's `Block`. */
  bytes: Uint8Array;
  /** The same without its transactions: header, and what the orderers signed. */
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
    const [signatures = new Uint8Array()] = block.getMetadata()?.getMetadataList_asU8() ?? [];
    return {
      number,
      previousHash: Buffer.from(block.getHeader()?.getPreviousHash_asU8() ?? []).toString('hex'),
      bytes,
      seal: sealOf(block, signatures),
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

function sealOf(block: common.Block, signatures: Uint8Array): Uint8Array {
  const metadata = new common.BlockMetadata();
  metadata.setMetadataList([signatures]);
  const seal = new common.Block();
  seal.setHeader(block.getHeader());
  seal.setMetadata(metadata);
  return seal.serializeBinary();
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
