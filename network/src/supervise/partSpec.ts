/** When a part counts as up: it wrote a file that carries its process id, or its port can be reached. */
export type Readiness =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'port'; readonly port: number };

/** Owner of the parts that belong to no single hospital. */
export const CHANNEL_OWNER = 'channel';

/** One process to be supervised. */
export interface PartSpec {
  /** The hospital's MSP id, or `channel`. */
  readonly owner: string;
  /** What it does: `gateway`, `chaincode`, `embedded`. */
  readonly name: string;
  /** Script and arguments, run by the Node that runs the launcher. */
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
