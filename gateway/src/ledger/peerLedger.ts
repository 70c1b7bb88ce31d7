/** What the own peer says of its channel: which chaincode runs, how long the chain is, and which chain it is. */
import { createHash } from 'node:crypto';
import { type Digest, refusal } from '@consilium/domain';
import type { Gateway } from '@hyperledger/fabric-gateway';
import { common, peer } from '@hyperledger/fabric-protos';
import { reasonOf } from './endorseFailure.js';
import type { ChannelNames } from './fabricChannel.js';

export class PeerLedger {
  readonly #gateway: Gateway;
  readonly #names: Pick<ChannelNames, 'channel' | 'chaincode'>;

  constructor(gateway: Gateway, names: Pick<ChannelNames, 'channel' | 'chaincode'>) {
    this.#gateway = gateway;
    this.#names = names;
  }

  /**
   * Compares the definition that the hospitals committed with the chaincode that this gateway was built with.
   * @throws ConsiliumError CHAINCODE_DIFFERS, LEDGER_UNAVAILABLE
   */
  async requireChaincode(expected: Digest): Promise<void> {
    const question = new peer.lifecycle.QueryChaincodeDefinitionArgs();
    question.setName(this.#names.chaincode);
    const answer = await this.#ask('_lifecycle', 'QueryChaincodeDefinition', question.serializeBinary());
    const found = peer.lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(answer).getVersion();
    if (found !== expected) throw refusal('CHAINCODE_DIFFERS', { found, expected });
  }

  /** Blocks that the peer has committed. */
  async height(): Promise<number> {
    const answer = await this.#ask('qscc', 'GetChainInfo', this.#names.channel);
    return common.BlockchainInfo.deserializeBinary(answer).getHeight();
  }

  /** SHA-256 of the first block's header: two channels of one name are not one channel. */
  async genesis(): Promise<string> {
    const answer = await this.#ask('qscc', 'GetBlockByNumber', this.#names.channel, '0');
    const header = common.Block.deserializeBinary(answer).getHeader();
    return createHash('sha256')
      .update(header?.serializeBinary() ?? '')
      .digest('hex');
  }

  async #ask(chaincode: string, transaction: string, ...args: (string | Uint8Array)[]): Promise<Uint8Array> {
    const contract = this.#gateway.getNetwork(this.#names.channel).getContract(chaincode);
    try {
      return await contract.evaluate(transaction, { arguments: args });
    } catch (error) {
      throw refusal('LEDGER_UNAVAILABLE', { reason: reasonOf(error) }, { cause: error });
    }
  }
}
