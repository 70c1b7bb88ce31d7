import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { refusal } from '@consilium/domain';
import { common } from '@hyperledger/fabric-protos';
import { configOf, lastConfigOf, mspOf, mspUpdate } from '../channelConfig/mspUpdate.js';
import { order, ordererAddresses } from '../channelConfig/ordering.js';
import { Signer } from '../channelConfig/signer.js';
import { readConnection } from '../connectionFile.js';
import type { Home } from '../home.js';
import { PeerAccess, reasonOf } from '../peerAccess.js';
import { Authority } from '../pki/authority.js';
import type { HospitalFolder } from '../pki/hospitalFolder.js';
import { serialsIn } from '../pki/revocationList.js';
import { pause } from '../supervise/readiness.js';

const COMMIT_MS_MAX = 30_000;
const POLL_MS = 100;

/** What became of a certificate. */
export interface Revocation {
  readonly msp: string;
  /** Upper case hexadecimal. */
  readonly serialNumber: string;
  /** How many of the hospital's certificates are revoked now. */
  readonly revoked: number;
}

/**
 * Takes a hospital's certificate back: its authority signs a new revocation list, its admin puts that into the channel's
 * configuration, and from that block on every peer and orderer refuses the certificate.
 *
 * @param file of the certificate, PEM.
 * @throws CERTIFICATE_NOT_REVOKED with the reason.
 */
export async function revokeCertificate(home: Home, file: string, now: Date): Promise<Revocation> {
  try {
    const certificate = new X509Certificate(readFileSync(file));
    const { msp, folder, authority } = await issuerOf(home, certificate);
    const access = new PeerAccess(readConnection(folder.connectionFile), folder.person('admin'));
    try {
      return await revoke(certificate, { msp, folder, authority, access, now });
    } finally {
      access.close();
    }
  } catch (error) {
    throw refusal('CERTIFICATE_NOT_REVOKED', { reason: reasonOf(error) }, { cause: error });
  }
}

interface Issuer {
  readonly msp: string;
  readonly folder: HospitalFolder;
  readonly authority: Authority;
}

async function issuerOf(home: Home, certificate: X509Certificate): Promise<Issuer> {
  for (const { msp } of home.readClaim()?.hospitals ?? []) {
    const folder = home.hospital(msp);
    const { certificate: file, key } = folder.authority;
    const authority = await Authority.load(readFileSync(file, 'utf8'), readFileSync(key, 'utf8'));
    if (authority.signed(certificate)) return { msp, folder, authority };
  }
  throw new Error('no hospital of this network issued this certificate');
}

async function revoke(
  certificate: X509Certificate,
  { msp, folder, authority, access, now }: Issuer & { access: PeerAccess; now: Date },
): Promise<Revocation> {
  const { serialNumber } = certificate;
  const config = await currentConfig(access);
  const found = mspOf(config, msp);
  const serials = new Set(
    found.getRevocationListList_asU8().flatMap((list) => serialsIn(Buffer.from(list).toString())),
  );
  if (serials.has(serialNumber)) throw new Error(`certificate ${serialNumber} is revoked already`);
  serials.add(serialNumber);
  // A hospital has one authority, so the new list stands for all that went before.
  found.setRevocationListList([Buffer.from(await authority.revocationList([...serials], now))]);
  const envelope = await mspUpdate(config, access.channel, msp, found, new Signer(msp, folder.person('admin')));
  const orderers = ordererAddresses(config);
  const addresses = orderers.length > 0 ? orderers : [readConnection(folder.connectionFile).peer.endpoint];
  await order(envelope, addresses, tlsRootsIn(config));
  await untilSequence(access, config.getSequence() + 1);
  return { msp, serialNumber, revoked: serials.size };
}

function tlsRootsIn(config: common.Config): Buffer {
  const organizations = config.getChannelGroup()?.getGroupsMap().get('Application')?.getGroupsMap();
  const ids = [...(organizations?.keys() ?? [])];
  return Buffer.concat(
    ids.flatMap((id) =>
      mspOf(config, id)
        .getTlsRootCertsList_asU8()
        .map((each) => Buffer.from(each)),
    ),
  );
}

/** Waits for the peer to have the new configuration; what asks may have been revoked by it. */
async function untilSequence(access: PeerAccess, sequence: number): Promise<void> {
  const deadline = performance.now() + COMMIT_MS_MAX;
  while ((await currentConfig(access)).getSequence() < sequence) {
    if (performance.now() > deadline) throw new Error(`the peer has no new configuration after ${COMMIT_MS_MAX} ms`);
    await pause(POLL_MS);
  }
}

async function currentConfig(access: PeerAccess): Promise<common.Config> {
  const newest = await blockOf(access, (await access.height()) - 1);
  return configOf(await blockOf(access, lastConfigOf(newest)));
}

async function blockOf(access: PeerAccess, number: number): Promise<common.Block> {
  const query = { arguments: [access.channel, String(number)], endorsingOrganizations: [access.msp] };
  return common.Block.deserializeBinary(await access.network.getContract('qscc').evaluate('GetBlockByNumber', query));
}
