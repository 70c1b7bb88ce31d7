/**
 * When a part counts as up: it wrote a file that carries its process id, its port can be reached, or it answers there
 * with a TLS certificate of this authority (some programs open their port long before they serve it).
 */
export type Readiness =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'tls'; readonly port: number; readonly authorityFile: string };

/** Owner of the parts that belong to no single hospital. */
export const CHANNEL_OWNER = 'channel';

/** One process to be supervised. */
export interface PartSpec {
  /** The hospital's MSP id, or `channel`. */
  readonly owner: string;
  /** What it does: `gateway`, `chaincode`, `embedded`, `peer`, `orderer`. */
  readonly name: string;
  /** Path of the program. Absent: the Node that runs the launcher. */
  readonly program?: string;
  /** Its arguments, the first one being a script where Node runs it. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly readiness: Readiness;
  /** Where others reach it, as shown to people. */
  readonly address: string;
  /** Parts of a lower number are ready before this one starts. */
  readonly startStage: number;
  /** Parts of a lower number have ended before this one is stopped. */
  readonly stopStage: number;
}

/** `ClevelandMSP-gateway`: names a part in logs and messages. */
export function labelOf({ owner, name }: Pick<PartSpec, 'owner' | 'name'>): string {
  return `${owner}-${name}`;
}
