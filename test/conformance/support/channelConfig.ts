import { X509Certificate } from 'node:crypto';
import { common, msp, orderer } from '@hyperledger/fabric-protos';

/** An orderer that the channel's configuration names. */
export interface Consenter {
  readonly id: number;
  readonly msp: string;
  readonly certificate: X509Certificate;
}

/** What a configuration block says about who may sign. */
export interface ChannelConfig {
  readonly channel: string;
  /** How the orderers agree: `BFT`, or what another channel has. */
  readonly consensus: string;
  readonly consenters: readonly Consenter[];
  /** Certificate authorities by organisation. */
  readonly roots: ReadonlyMap<string, readonly X509Certificate[]>;
}

/** Reads a configuration block. Throws where a part is missing. */
export function readChannelConfig(block: common.Block): ChannelConfig {
  const [bytes] = block.getData()?.getDataList_asU8() ?? [];
  const payload = common.Payload.deserializeBinary(common.Envelope.deserializeBinary(bytes!).getPayload_asU8());
  const header = common.ChannelHeader.deserializeBinary(payload.getHeader()!.getChannelHeader_asU8());
  if (header.getType() !== common.HeaderType.CONFIG) throw new Error('block 0 is no configuration');
  const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig()!;
  const root = config.getChannelGroup()!;
  const ordering = root.getGroupsMap().get('Orderer');
  return {
    channel: header.getChannelId(),
    consensus: orderer.ConsensusType.deserializeBinary(configValue(ordering, 'ConsensusType')).getType(),
    consenters: common.Orderers.deserializeBinary(configValue(ordering, 'Orderers'))
      .getConsenterMappingList()
      .map((each) => ({
        id: each.getId(),
        msp: each.getMspId(),
        certificate: new X509Certificate(each.getIdentity_asU8()),
      })),
    roots: new Map(
      [...root.getGroupsMap().get('Application')!.getGroupsMap().entries()].map(([name, group]) => [
        name,
        rootsOf(group),
      ]),
    ),
  };
}

function rootsOf(organization: common.ConfigGroup): X509Certificate[] {
  const config = msp.MSPConfig.deserializeBinary(configValue(organization, 'MSP'));
  return msp.FabricMSPConfig.deserializeBinary(config.getConfig_asU8())
    .getRootCertsList_asU8()
    .map((each) => new X509Certificate(each));
}

function configValue(group: common.ConfigGroup | undefined, name: string): Uint8Array {
  return group?.getValuesMap().get(name)?.getValue_asU8() ?? new Uint8Array();
}

/** Whether one of an organisation's authorities signed a certificate that was valid at an instant. */
export function vouchesFor(
  { roots }: ChannelConfig,
  organization: string,
  certificate: X509Certificate,
  atMs: number,
): boolean {
  const isValid = Date.parse(certificate.validFrom) <= atMs && atMs <= Date.parse(certificate.validTo);
  const issuers = roots.get(organization) ?? [];
  return isValid && issuers.some((each) => certificate.checkIssued(each) && certificate.verify(each.publicKey));
}
