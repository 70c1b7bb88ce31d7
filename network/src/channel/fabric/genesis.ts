import { execFile } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { refusal } from '@consilium/domain';
import { PRIVATE_FILE_MODE, writeFileAtomic } from '../../atomicFile.js';
import { CHANNEL_NAME } from '../../chaincodePackage.js';
import { type NetworkLayout, portsOf } from '../../networkLayout.js';
import type { FabricFolder } from './fabricFolder.js';
import { NODE_HOST } from './nodeParts.js';
import { fillTemplate } from './template.js';

const PROFILE = 'Channel';
const CONFIGTXGEN_MS_MAX = 60_000;
const LINES_SHOWN = 3;

/**
 * Makes the channel's first block, if it is not there: which hospitals, whose orderers and peers where, which policies.
 *
 * @throws CHANNEL_FAILED with what configtxgen said.
 */
export async function keepOrMakeGenesis(
  layout: NetworkLayout,
  folder: FabricFolder,
  configtxgen: string,
): Promise<Buffer> {
  if (!existsSync(folder.genesis)) {
    writeFileAtomic(folder.configtx, configtx(layout), { mode: PRIVATE_FILE_MODE });
    const draft = `${folder.genesis}.part`;
    const options = [
      '-profile',
      PROFILE,
      '-channelID',
      CHANNEL_NAME,
      '-configPath',
      folder.root,
      '-outputBlock',
      draft,
    ];
    try {
      await promisify(execFile)(configtxgen, options, { env: layout.environment, timeout: CONFIGTXGEN_MS_MAX });
    } catch (error) {
      throw refusal('CHANNEL_FAILED', { step: 'making its first block', reason: lastWords(error) }, { cause: error });
    }
    renameSync(draft, folder.genesis);
  }
  return readFileSync(folder.genesis);
}

/** The channel's configuration for configtxgen. */
export function configtx(layout: NetworkLayout): string {
  const organizations = layout.hospitals.map(({ msp }) => organization(layout, msp));
  const withOrderer = layout.hospitals.filter(({ msp }) => portsOf(layout, msp).orderer !== undefined);
  return fillTemplate(readFileSync(join(layout.repository, 'network/fabric/configtx.yaml'), 'utf8'), {
    organizations,
    ordererOrganizations: organizations.filter(({ OrdererEndpoints }) => OrdererEndpoints.length > 0),
    consenters: withOrderer.map(({ msp }, index) => consenter(layout, msp, index + 1)),
  });
}

/** One hospital: one MSP for its peer, its orderer and its people. */
function organization(layout: NetworkLayout, msp: string) {
  const rule = (role: string) => ({ Type: 'Signature', Rule: `OR('${msp}.${role}')` });
  const { peer, orderer } = portsOf(layout, msp);
  return {
    Name: msp,
    ID: msp,
    MSPDir: layout.home.hospital(msp).msp,
    Policies: { Readers: rule('member'), Writers: rule('member'), Admins: rule('admin'), Endorsement: rule('peer') },
    OrdererEndpoints: orderer === undefined ? [] : [`${NODE_HOST}:${orderer}`],
    AnchorPeers: [{ Host: NODE_HOST, Port: peer }],
  };
}

function consenter(layout: NetworkLayout, msp: string, id: number) {
  const folder = layout.home.hospital(msp);
  const tls = folder.tlsIdentity('orderer').certificate;
  return {
    ID: id,
    Host: NODE_HOST,
    Port: portsOf(layout, msp).orderer,
    MSPID: msp,
    Identity: folder.nodeIdentity('orderer').certificate,
    ClientTLSCert: tls,
    ServerTLSCert: tls,
  };
}

function lastWords(error: unknown): string {
  const said = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : '';
  return said === '' ? String(error) : said.split('\n').slice(-LINES_SHOWN).join('\n');
}
