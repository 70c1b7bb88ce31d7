import type { Block } from './block.js';
import { common, decode, encode, msp } from './proto.js';

/** Sections of a configuration in which every organisation stands with its MSP. */
export const SECTIONS = ['Application', 'Orderer'] as const;

/** The configuration in a configuration block. Throws where the block has none. */
export function configIn(block: Block): common.Config {
  const envelope = decode(common.Envelope, block.envelopes[0] ?? new Uint8Array());
  const payload = envelope && decode(common.Payload, envelope.getPayload_asU8());
  const config = payload && decode(common.ConfigEnvelope, payload.getData_asU8())?.getConfig();
  if (!config?.getChannelGroup()) throw new Error(`block ${block.number} holds no configuration`);
  return config;
}

/** Number of the configuration block that was in force when a block was ordered, as the orderer signed it. */
export function lastConfigOf(block: Block): number {
  const metadata = decode(common.Metadata, block.signatures);
  const value = metadata && decode(common.OrdererBlockMetadata, metadata.getValue_asU8());
  return value?.getLastConfig()?.getIndex() ?? 0;
}

/** Certificates and revocation lists of an organisation, PEM. */
export interface MspMaterial {
  readonly roots: readonly string[];
  readonly tlsRoots: readonly string[];
  readonly revocationLists: readonly string[];
}

/** What a configuration says about an organisation's MSP; undefined where it is no member. */
export function mspIn(config: common.Config, organization: string): MspMaterial | undefined {
  const value = config
    .getChannelGroup()
    ?.getGroupsMap()
    .get('Application')
    ?.getGroupsMap()
    .get(organization)
    ?.getValuesMap()
    .get('MSP');
  return value && readMspValue(value.getValue_asU8());
}

/** Reads the value `MSP` of an organisation's group; undefined where it is damaged, or needs what is not supported. */
export function readMspValue(bytes: Uint8Array): MspMaterial | undefined {
  const wrapper = decode(msp.MSPConfig, bytes);
  const config = wrapper?.getType() === 0 ? decode(msp.FabricMSPConfig, wrapper.getConfig_asU8()) : undefined;
  if (!config || config.getIntermediateCertsList().length > 0 || !config.getFabricNodeOus()?.getEnable()) {
    return undefined;
  }
  const texts = (list: Uint8Array[]) => list.map((each) => Buffer.from(each).toString());
  return {
    roots: texts(config.getRootCertsList_asU8()),
    tlsRoots: texts(config.getTlsRootCertsList_asU8()),
    revocationLists: texts(config.getRevocationListList_asU8()),
  };
}

/** The name in the serialised value `MSP`. */
export function mspNameIn(bytes: Uint8Array): string | undefined {
  const wrapper = decode(msp.MSPConfig, bytes);
  return wrapper && decode(msp.FabricMSPConfig, wrapper.getConfig_asU8())?.getName();
}

/** The unsigned payload of the envelope that a configuration block holds. */
export function configPayload(
  config: common.Config,
  update: common.Envelope,
  header: { channel: string; creator: Uint8Array; nonce: Uint8Array },
): Buffer {
  const envelope = new common.ConfigEnvelope();
  envelope.setConfig(config);
  envelope.setLastUpdate(update);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG);
  channelHeader.setChannelId(header.channel);
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(header.creator);
  signatureHeader.setNonce(header.nonce);
  const headers = new common.Header();
  headers.setChannelHeader(encode(channelHeader));
  headers.setSignatureHeader(encode(signatureHeader));
  const payload = new common.Payload();
  payload.setHeader(headers);
  payload.setData(encode(envelope));
  return encode(payload);
}
