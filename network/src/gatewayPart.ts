import type { ResolvedHospital } from '@consilium/domain';
import { PRIVATE_FILE_MODE, writeJsonAtomic } from './atomicFile.js';
import { requireBuilt } from './buildOutput.js';
import { localAddress, type NetworkLayout, portsOf } from './networkLayout.js';
import type { HospitalFolder } from './pki/hospitalFolder.js';
import { TOKEN_HOLDERS } from './pki/hospitalPki.js';
import { tokenSha256 } from './pki/token.js';
import { labelOf, type PartSpec } from './supervise/partSpec.js';

/** Engines that a gateway can be told to train with. */
export const ENGINES = ['auto', 'tfjs-node', 'wasm'] as const;
export type Engine = (typeof ENGINES)[number];

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface GatewaySettings {
  readonly engine: Engine;
  readonly logLevel: LogLevel;
}

/**
 * A hospital's gateway, its configuration file written.
 *
 * @throws BUILD_MISSING
 */
export function gatewayPart(layout: NetworkLayout, hospital: ResolvedHospital, settings: GatewaySettings): PartSpec {
  const { home, repository } = layout;
  const folder = home.hospital(hospital.msp);
  const part = { owner: hospital.msp as string, name: 'gateway' };
  const readyFile = home.readyFile(labelOf(part));
  writeJsonAtomic(folder.gatewayFile, configuration(layout, hospital, settings, readyFile), PRIVATE_FILE_MODE);
  return {
    ...part,
    command: [requireBuilt(repository, 'gateway/dist/main.js'), '--config', folder.gatewayFile],
    environment: layout.environment,
    readiness: { kind: 'file', path: readyFile },
    address: apiUrl(layout, hospital.msp),
    startStage: 1,
    stopStage: 0,
  };
}

/** Where a hospital's people reach their gateway. */
export function apiUrl(layout: NetworkLayout, msp: string): string {
  return `https://${localAddress(portsOf(layout, msp).api)}`;
}

function configuration(
  layout: NetworkLayout,
  hospital: ResolvedHospital,
  settings: GatewaySettings,
  readyFile: string,
): unknown {
  const { home, chaincode } = layout;
  const folder = home.hospital(hospital.msp);
  const ports = portsOf(layout, hospital.msp);
  const tls = folder.tlsIdentity('gateway');
  const tlsFiles = { tlsCertFile: tls.certificate, tlsKeyFile: tls.key };
  return {
    msp: hospital.msp,
    name: hospital.name,
    home: folder.gatewayHome,
    connectionFile: folder.connectionFile,
    chaincodeDigest: chaincode.digest,
    api: { listen: localAddress(ports.api), ...tlsFiles },
    exchange: {
      listen: localAddress(ports.exchange),
      ...tlsFiles,
      trust: layout.hospitals.map(({ msp }) => ({ msp, tlsCaFile: home.hospital(msp).tlsAuthority.certificate })),
    },
    identities: { agent: identity(folder, 'agent'), people: TOKEN_HOLDERS.map((name) => person(folder, name)) },
    data: { kind: 'csv', delimiter: ',', header: hospital.data.columns === undefined, ...hospital.data },
    consent: { keyFile: folder.consentKeyFile },
    engine: settings.engine,
    logLevel: settings.logLevel,
    readyFile,
  };
}

function identity(folder: HospitalFolder, name: string): { certFile: string; keyFile: string } {
  const { certificate, key } = folder.person(name);
  return { certFile: certificate, keyFile: key };
}

function person(folder: HospitalFolder, name: string): unknown {
  return { name, ...identity(folder, name), tokenSha256: tokenSha256(folder.token(name)) };
}
