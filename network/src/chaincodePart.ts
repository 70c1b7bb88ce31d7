import { join } from 'node:path';
import { packageFile } from './buildOutput.js';
import { localAddress, type NetworkLayout, portsOf } from './networkLayout.js';
import type { PartSpec } from './supervise/partSpec.js';

/** A hospital's own chaincode process: the unmodified chaincode library serves the built contract to its peer. */
export function chaincodePart(layout: NetworkLayout, msp: string): PartSpec {
  const { repository, home, chaincode } = layout;
  const server = home.hospital(msp).tlsIdentity('chaincode');
  const port = portsOf(layout, msp).chaincode;
  const options = {
    'chaincode-address': localAddress(port),
    'chaincode-id': chaincode.packageId,
    'module-path': join(repository, 'chaincode', 'contract'),
    'chaincode-tls-cert-file': server.certificate,
    'chaincode-tls-key-file': server.key,
    'chaincode-tls-client-cacert-file': join(home.hospital(msp).tls('chaincode'), 'ca.crt'),
  };
  return {
    owner: msp,
    name: 'chaincode',
    command: [
      packageFile(repository, 'chaincode/contract', 'fabric-shim/cli.js'),
      'server',
      ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]),
    ],
    environment: { ...layout.environment, CORE_CHAINCODE_LOGGING_LEVEL: 'error', CORE_PEER_LOCALMSPID: msp },
    readiness: { kind: 'port', port },
    address: localAddress(port),
    startStage: 0,
    stopStage: 1,
  };
}
