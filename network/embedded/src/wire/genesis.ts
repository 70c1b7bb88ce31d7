import type { Membership } from '../membership/membership.js';
import { type Block, dataHashOf } from './block.js';
import { describeOrganization, describeSection } from './configPolicies.js';
import { transactionIdOf } from './proposal.js';
import { common, encode, msp } from './proto.js';

/** Nobody creates block 0, but a header must have a creator and a nonce to be one. */
const CREATOR = Buffer.from('genesis');
const NONCE = Buffer.alloc(24);

/**
 * Block 0: the channel's configuration, with every member organisation's certificate authorities. It is computed from
 * the topology alone, so that a stored chain of another topology can be told by its first block.
 */
export function genesisBlock(channel: string, membership: Membership): Block {
  const config = new common.Config();
  config.setSequence(0);
  const root = new common.ConfigGroup();
  const organizations = membership.organizations.map((id) => [id, organizationGroup(id, membership)] as const);
  for (const section of ['Application', 'Orderer'] as const) {
    const group = new common.ConfigGroup();
    group.setModPolicy('Admins');
    for (const [id, each] of organizations) group.getGroupsMap().set(id, each);
    describeSection(group, section);
    root.getGroupsMap().set(section, group);
  }
  root.setModPolicy('Admins');
  config.setChannelGroup(root);
  const envelope = new common.ConfigEnvelope();
  envelope.setConfig(config);

  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG);
  channelHeader.setChannelId(channel);
  channelHeader.setTxId(transactionIdOf(NONCE, CREATOR));
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(CREATOR);
  signatureHeader.setNonce(NONCE);
  const header = new common.Header();
  header.setChannelHeader(encode(channelHeader));
  header.setSignatureHeader(encode(signatureHeader));
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(encode(envelope));
  const signed = new common.Envelope();
  signed.setPayload(encode(payload));
  const envelopes = [encode(signed)];
  const previousHash = Buffer.alloc(0);
  // As in Fabric, the metadata of block 0 has an empty list of signatures.
  const signatures = encode(metadataOf(new common.LastConfig()));
  return { number: 0, previousHash, dataHash: dataHashOf(envelopes), envelopes, signatures };
}

function metadataOf(lastConfig: common.LastConfig): common.Metadata {
  const value = new common.OrdererBlockMetadata();
  value.setLastConfig(lastConfig);
  const metadata = new common.Metadata();
  metadata.setValue(encode(value));
  return metadata;
}

function organizationGroup(id: string, membership: Membership): common.ConfigGroup {
  const provider = membership.provider(id);
  const fabric = new msp.FabricMSPConfig();
  fabric.setName(id);
  fabric.setRootCertsList((provider?.rootCertificates ?? []).map((pem) => Buffer.from(pem)));
  fabric.setTlsRootCertsList((provider?.tlsRootCertificates ?? []).map((pem) => Buffer.from(pem)));
  fabric.setFabricNodeOus(nodeUnits());
  const config = new msp.MSPConfig();
  config.setType(0);
  config.setConfig(encode(fabric));
  const value = new common.ConfigValue();
  value.setValue(encode(config));
  value.setModPolicy('Admins');
  const group = new common.ConfigGroup();
  group.setModPolicy('Admins');
  group.getValuesMap().set('MSP', value);
  describeOrganization(group, id);
  return group;
}

function nodeUnits(): msp.FabricNodeOUs {
  const unit = (name: string) => {
    const identifier = new msp.FabricOUIdentifier();
    identifier.setOrganizationalUnitIdentifier(name);
    return identifier;
  };
  const units = new msp.FabricNodeOUs();
  units.setEnable(true);
  units.setClientOuIdentifier(unit('client'));
  units.setPeerOuIdentifier(unit('peer'));
  units.setAdminOuIdentifier(unit('admin'));
  units.setOrdererOuIdentifier(unit('orderer'));
  return units;
}
