import type { ChainReader } from '../ledger/chainReader.js';
import type { PeerLedger } from '../ledger/peerLedger.js';
import { type Block, blockMessage } from '../wire/block.js';
import { common, decode, encode, peer } from '../wire/proto.js';

/**
 * The questions of Fabric's `cscc`: which channels the peer is in, and their configuration. Its other functions join
 * channels, which this peer does from its configuration file alone.
 */
export class ConfigQueries {
  readonly #ledger: PeerLedger;
  readonly #chain: ChainReader;

  constructor(ledger: PeerLedger, chain: ChainReader) {
    this.#ledger = ledger;
    this.#chain = chain;
  }

  /**
   * The payload of the answer. `denied` says why the caller may not read the channel. Throws Errors with Fabric's texts.
   */
  answer(args: readonly Buffer[], denied: () => string | undefined): Buffer {
    const [name, channel] = args.map(String);
    if (name === undefined || (name !== 'GetChannels' && channel === undefined)) {
      throw new Error(`Incorrect number of arguments, ${args.length}`);
    }
    if (name === 'GetChannels') return this.#channels();
    if (name !== 'GetConfigBlock' && name !== 'GetChannelConfig') {
      throw new Error(`Requested function ${name} not found.`);
    }
    if (name === 'GetChannelConfig' && channel === '') throw new Error('empty channel name provided');
    const refusal =
      channel === this.#ledger.channel ? denied() : `Failed to get policy manager for channel [${channel}]`;
    if (refusal !== undefined) throw new Error(`access denied for [${name}][${channel}]: ${refusal}`);
    const number = this.#lastConfiguration();
    const committed = this.#ledger.committed(number);
    if (!committed) throw new Error(`no such block number [${number}] in index`);
    if (name === 'GetChannelConfig') return configurationIn(committed.block);
    return encode(blockMessage(committed.block, committed.codes, committed.commitHash));
  }

  #channels(): Buffer {
    const channel = new peer.ChannelInfo();
    channel.setChannelId(this.#ledger.channel);
    const response = new peer.ChannelQueryResponse();
    response.setChannelsList([channel]);
    return encode(response);
  }

  /** The number of the configuration block that the newest block's signed metadata names. */
  #lastConfiguration(): number {
    const newest = this.#chain.block(this.#ledger.height - 1);
    const metadata = newest && decode(common.Metadata, newest.signatures);
    const value = metadata && decode(common.OrdererBlockMetadata, metadata.getValue_asU8());
    return value?.getLastConfig()?.getIndex() ?? 0;
  }
}

function configurationIn({ envelopes }: Block): Buffer {
  const envelope = decode(common.Envelope, envelopes[0] ?? new Uint8Array());
  const payload = envelope && decode(common.Payload, envelope.getPayload_asU8());
  const config = payload && decode(common.ConfigEnvelope, payload.getData_asU8())?.getConfig();
  if (!config) throw new Error('the block holds no configuration');
  return encode(config);
}
