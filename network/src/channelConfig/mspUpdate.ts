import { common, msp as mspMessages } from '@hyperledger/fabric-protos';
import type { Signer } from './signer.js';

/** Sections of a channel's configuration in which an organisation stands with its MSP. */
const SECTIONS = ['Application', 'Orderer'] as const;

/** The configuration in a configuration block. @throws Error where the block is none */
export function configOf(block: common.Block): common.Config {
  const envelope = common.Envelope.deserializeBinary(block.getData()?.getDataList_asU8()[0] ?? new Uint8Array());
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig();
  if (config?.getChannelGroup() === undefined) throw new Error('this block holds no configuration');
  return config;
}

/** Number of the configuration block that was in force when a block was ordered. */
export function lastConfigOf(block: common.Block): number {
  const [signatures] = block.getMetadata()?.getMetadataList_asU8() ?? [];
  const value = common.Metadata.deserializeBinary(signatures ?? new Uint8Array()).getValue_asU8();
  return common.OrdererBlockMetadata.deserializeBinary(value).getLastConfig()?.getIndex() ?? 0;
}

/** An organisation's MSP as a configuration has it. @throws Error where it is no member */
export function mspOf(config: common.Config, msp: string): mspMessages.FabricMSPConfig {
  const value = sectionOf(config, 'Application')?.getGroupsMap().get(msp)?.getValuesMap().get('MSP');
  if (value === undefined) throw new Error(`${msp} is no member of the channel`);
  const wrapper = mspMessages.MSPConfig.deserializeBinary(value.getValue_asU8());
  return mspMessages.FabricMSPConfig.deserializeBinary(wrapper.getConfig_asU8());
}

/**
 * The configuration update "replace my MSP", signed by one of the organisation's admins and ready for an orderer. It
 * goes wherever the organisation stands, because the channel takes an organisation in one version only.
 */
export async function mspUpdate(
  config: common.Config,
  channel: string,
  msp: string,
  replacement: mspMessages.FabricMSPConfig,
  signer: Signer,
): Promise<common.Envelope> {
  const update = new common.ConfigUpdate();
  update.setChannelId(channel);
  update.setReadSet(throughTo(config, msp, undefined));
  update.setWriteSet(throughTo(config, msp, replacement));
  const updateBytes = update.serializeBinary();
  const header = signer.header();
  const signature = new common.ConfigSignature();
  signature.setSignatureHeader(header);
  signature.setSignature(await signer.sign(Buffer.concat([header, updateBytes])));
  const envelope = new common.ConfigUpdateEnvelope();
  envelope.setConfigUpdate(updateBytes);
  envelope.setSignaturesList([signature]);
  return signedEnvelope(channel, envelope.serializeBinary(), signer);
}

/** Groups on the way to an organisation with their versions, and at the end its new MSP, if there is one. */
function throughTo(
  config: common.Config,
  msp: string,
  replacement: mspMessages.FabricMSPConfig | undefined,
): common.ConfigGroup {
  const root = unchanged(config.getChannelGroup());
  for (const section of SECTIONS) {
    const found = sectionOf(config, section);
    const organization = found?.getGroupsMap().get(msp);
    const before = organization?.getValuesMap().get('MSP');
    if (organization === undefined || before === undefined) continue;
    const group = unchanged(organization);
    if (replacement !== undefined) group.getValuesMap().set('MSP', replaced(before, replacement));
    const sectionGroup = unchanged(found);
    sectionGroup.getGroupsMap().set(msp, group);
    root.getGroupsMap().set(section, sectionGroup);
  }
  return root;
}

function unchanged(group: common.ConfigGroup | undefined): common.ConfigGroup {
  const same = new common.ConfigGroup();
  same.setVersion(group?.getVersion() ?? 0);
  return same;
}

function replaced(before: common.ConfigValue, replacement: mspMessages.FabricMSPConfig): common.ConfigValue {
  const wrapper = mspMessages.MSPConfig.deserializeBinary(before.getValue_asU8());
  wrapper.setConfig(replacement.serializeBinary());
  const value = new common.ConfigValue();
  value.setVersion(before.getVersion() + 1);
  value.setModPolicy(before.getModPolicy());
  value.setValue(wrapper.serializeBinary());
  return value;
}

function sectionOf(config: common.Config, section: string): common.ConfigGroup | undefined {
  return config.getChannelGroup()?.getGroupsMap().get(section);
}

async function signedEnvelope(channel: string, data: Uint8Array, signer: Signer): Promise<common.Envelope> {
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG_UPDATE);
  channelHeader.setChannelId(channel);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signer.header());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(data);
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(await signer.sign(envelope.getPayload_asU8()));
  return envelope;
}
