import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE_FILE_MODE, writeFileAtomic, writeJsonAtomic } from '../../atomicFile.js';
import { localAddress, type NetworkLayout, portsOf } from '../../networkLayout.js';
import type { FabricFolder } from './fabricFolder.js';

const SCRIPTS = ['detect', 'build', 'release'];
const SCRIPT_MODE = 0o700;

/** Nothing listens there: a package that is no longer served is refused at once, not after a timeout. */
const NOWHERE = 'localhost:1';

/** Puts the external builder's scripts where the peers' configuration names them, executable whatever the checkout is. */
export function writeBuilder(repository: string, folder: FabricFolder): void {
  for (const name of SCRIPTS) {
    const script = readFileSync(join(repository, 'network/fabric/builder/bin', name), 'utf8');
    writeFileAtomic(join(folder.builder, 'bin', name), script, { mode: SCRIPT_MODE });
  }
}

/**
 * Writes where each peer reaches its chaincode process: for packages that are installed from now on, and into what the
 * builder made of those installed before. A peer reads that anew at every launch, so another port takes no installation.
 * Packages of other digests have no process; their connections lead nowhere.
 */
export function writeChaincodeConnections(layout: NetworkLayout, folder: FabricFolder): void {
  const current = layout.chaincode.packageId.replace(':', '-');
  for (const { msp } of layout.hospitals) {
    const node = folder.node(msp);
    const address = localAddress(portsOf(layout, msp).chaincode);
    writeJsonAtomic(node.chaincodeConnection, connection(layout, msp, address), PRIVATE_FILE_MODE);
    for (const name of existsSync(node.builds) ? readdirSync(node.builds) : []) {
      const file = join(node.builds, name, 'release', 'chaincode', 'server', 'connection.json');
      if (existsSync(file))
        writeJsonAtomic(file, connection(layout, msp, name === current ? address : NOWHERE), PRIVATE_FILE_MODE);
    }
  }
}

/** What Fabric's peers read as a chaincode's `connection.json`: both ends show a certificate of the hospital's TLS CA. */
function connection(layout: NetworkLayout, msp: string, address: string): unknown {
  const hospital = layout.home.hospital(msp);
  const client = hospital.tlsIdentity('chaincode', 'client');
  return {
    address,
    dial_timeout: '3s',
    tls_required: true,
    client_auth_required: true,
    client_key: readFileSync(client.key, 'utf8'),
    client_cert: readFileSync(client.certificate, 'utf8'),
    root_cert: readFileSync(hospital.tlsAuthority.certificate, 'utf8'),
  };
}
