import type { ResolvedHospital } from '@consilium/domain';
import type { ChaincodePackage } from './chaincodePackage.js';
import type { Home } from './home.js';
import type { HospitalPorts } from './hospitalPorts.js';

/** Everything that configuration files and commands are made from. */
export interface NetworkLayout {
  /** The checkout whose builds are run. */
  readonly repository: string;
  readonly home: Home;
  readonly hospitals: readonly ResolvedHospital[];
  readonly ports: Readonly<Record<string, HospitalPorts>>;
  readonly chaincode: ChaincodePackage;
  /** Path of the socket over which the embedded channel takes faults; absent: it takes none. */
  readonly controlSocket?: string;
  /** What every process inherits: the launcher's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** @returns the ports of a hospital of this layout. */
export function portsOf(layout: NetworkLayout, msp: string): HospitalPorts {
  const ports = layout.ports[msp];
  if (ports === undefined) throw new Error(`no ports were chosen for ${msp}`);
  return ports;
}

/** An address on this machine. The name, not a number: TLS certificates and gRPC ask for one. */
export function localAddress(port: number): string {
  return `localhost:${port}`;
}
