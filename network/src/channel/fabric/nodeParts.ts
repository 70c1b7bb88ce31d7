import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FOLDER_MODE, PRIVATE_FILE_MODE, writeFileAtomic } from '../../atomicFile.js';
import { localAddress, type NetworkLayout, portsOf } from '../../networkLayout.js';
import type { PartSpec } from '../../supervise/partSpec.js';
import type { FabricCommands } from './fabricCommands.js';
import type { FabricFolder } from './fabricFolder.js';
import { fillTemplate } from './template.js';

/** Where nodes listen and find each other: nothing of this network is reached from another machine. */
export const NODE_HOST = '127.0.0.1';

/** Name of the network among peers that might meet others by mistake. */
const NETWORK_ID = 'consilium';

/** What both kinds of node log: warnings and worse, without colours. Two modules warn of every connection and transaction that ends well. */
const LOGGING = {
  FABRIC_LOGGING_SPEC: 'warn:grpc,orderer.common.broadcast=error',
  FABRIC_LOGGING_FORMAT: '%{time:2006-01-02T15:04:05.000Z07:00} %{level} %{module}: %{message}',
};

/** Writes the file of all hospitals' TLS CAs, by which peers know each other. */
export function writeTlsAuthorities(layout: NetworkLayout, folder: FabricFolder): void {
  const certificates = layout.hospitals.map(({ msp }) =>
    readFileSync(layout.home.hospital(msp).tlsAuthority.certificate, 'utf8'),
  );
  writeFileAtomic(folder.tlsAuthorities, certificates.join(''));
}

/** A hospital's orderer, its configuration written. */
export function ordererPart(
  layout: NetworkLayout,
  folder: FabricFolder,
  commands: FabricCommands,
  msp: string,
  port: number,
): PartSpec {
  const node = folder.node(msp);
  writeFileAtomic(node.ordererConfig, ordererConfig(layout, folder, msp), { mode: PRIVATE_FILE_MODE });
  return {
    owner: msp,
    name: 'orderer',
    program: commands.orderer,
    command: ['start'],
    environment: { ...layout.environment, ...LOGGING, FABRIC_CFG_PATH: node.orderer },
    readiness: { kind: 'tls', port, authorityFile: layout.home.hospital(msp).tlsAuthority.certificate },
    address: localAddress(port),
    startStage: 0,
    stopStage: 2,
  };
}

/** A hospital's peer, its configuration written. */
export function peerPart(layout: NetworkLayout, folder: FabricFolder, commands: FabricCommands, msp: string): PartSpec {
  const node = folder.node(msp);
  const { peer } = portsOf(layout, msp);
  mkdirSync(node.peerScratch, { recursive: true, mode: FOLDER_MODE });
  writeFileAtomic(node.peerConfig, peerConfig(layout, folder, msp), { mode: PRIVATE_FILE_MODE });
  return {
    owner: msp,
    name: 'peer',
    program: commands.peer,
    command: ['node', 'start'],
    environment: {
      ...layout.environment,
      ...LOGGING,
      FABRIC_CFG_PATH: node.peer,
      TMPDIR: node.peerScratch,
      CCAAS_CONNECTION_FILE: node.chaincodeConnection,
    },
    readiness: { kind: 'tls', port: peer, authorityFile: layout.home.hospital(msp).tlsAuthority.certificate },
    address: localAddress(peer),
    startStage: 0,
    stopStage: 2,
  };
}

/** An orderer's `orderer.yaml`. */
export function ordererConfig(layout: NetworkLayout, folder: FabricFolder, msp: string): string {
  const hospital = layout.home.hospital(msp);
  const tls = hospital.tlsIdentity('orderer');
  const { orderer, ordererAdmin } = portsOf(layout, msp);
  const data = (name: string) => join(folder.node(msp).orderer, 'data', name);
  return fillTemplate(template(layout, 'orderer.yaml'), {
    host: NODE_HOST,
    port: orderer,
    msp,
    mspDir: hospital.nodeMsp('orderer'),
    tlsKey: tls.key,
    tlsCertificate: tls.certificate,
    tlsAuthorities: [hospital.tlsAuthority.certificate],
    ledgerDir: data('ledger'),
    walDir: data('wal'),
    snapshotDir: data('snapshots'),
    adminAddress: `${NODE_HOST}:${ordererAdmin}`,
  });
}

/** A peer's `core.yaml`. */
export function peerConfig(layout: NetworkLayout, folder: FabricFolder, msp: string): string {
  const hospital = layout.home.hospital(msp);
  const node = folder.node(msp);
  const tls = hospital.tlsIdentity('peer');
  return fillTemplate(template(layout, 'core.yaml'), {
    id: `peer.${msp}`,
    networkId: NETWORK_ID,
    address: `${NODE_HOST}:${portsOf(layout, msp).peer}`,
    msp,
    mspDir: hospital.nodeMsp('peer'),
    dataDir: node.peerData,
    snapshotDir: join(node.peerData, 'snapshots'),
    tlsKey: tls.key,
    tlsCertificate: tls.certificate,
    tlsAuthorities: folder.tlsAuthorities,
    builder: folder.builder,
  });
}

function template(layout: NetworkLayout, name: string): string {
  return readFileSync(join(layout.repository, 'network/fabric', name), 'utf8');
}
