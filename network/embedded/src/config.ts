import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CollectionConfig } from './collectionsConfig.js';

/** Fewest hospitals of a channel. */
export const HOSPITALS_MIN = 2;
/** Most hospitals of a channel: what one process carries. */
export const HOSPITALS_MAX = 20;
/** Longest time that a transaction waits to be cut into a block. */
export const BATCH_TIMEOUT_MS_MAX = 10_000;
/** Most transactions of a block: more would hold the process up for too long at once. */
export const BATCH_MESSAGES_MAX = 100;

const Address = z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'must be HOST:PORT');
const Organization = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/, 'must be letters, digits, dots and hyphens');
/** As Fabric names channels: lower case. */
const ChannelName = z
  .string()
  .regex(/^[a-z][a-z0-9.-]{0,248}$/, 'must be lower case letters, digits, dots and hyphens');
const ChaincodeName = z
  .string()
  .regex(/^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/, "must be letters and digits, joined by '-' or '_'");
const Folder = z.string().min(1);

const Chaincode = z.strictObject({
  name: ChaincodeName,
  version: z.string().regex(/^[A-Za-z0-9_.+-]+$/, "must be letters, digits and '_.+-'"),
  sequence: z.int().min(1),
  packageId: z.string().regex(/^[^:\s]+:[^:\s]+$/, 'must be LABEL:DIGEST'),
  endorsement: z.string().min(1),
  /** Private collections, as in Fabric's collections configuration file. */
  collections: z.array(CollectionConfig).default([]),
});

const Hospital = z.strictObject({
  msp: Organization,
  mspDir: Folder,
  peer: z.strictObject({ mspDir: Folder, tlsDir: Folder, listen: Address }),
  /** Identity that signs blocks; the first hospital's peer signs where none is given. */
  orderer: z.strictObject({ mspDir: Folder }).optional(),
  chaincodes: z.record(
    ChaincodeName,
    z.strictObject({ address: Address, tls: z.strictObject({ dir: Folder }).optional() }),
  ),
});

/** Configuration of the embedded channel: one JSON file. */
export const Config = z
  .strictObject({
    channel: ChannelName,
    /** Folder for blocks and state. */
    home: Folder,
    batch: z.strictObject({
      timeoutMs: z.int().min(1).max(BATCH_TIMEOUT_MS_MAX),
      messagesMax: z.int().min(1).max(BATCH_MESSAGES_MAX),
    }),
    chaincodes: z.array(Chaincode).min(1),
    hospitals: z.array(Hospital).min(HOSPITALS_MIN).max(HOSPITALS_MAX),
    /** Takes faults for tests; off unless it is named. */
    control: z.strictObject({ socket: z.string().min(1) }).optional(),
    /** Written when the channel is up. */
    readyFile: z.string().min(1),
  })
  .superRefine(({ chaincodes, hospitals }, context) => {
    const report = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
    for (const name of repeated(chaincodes.map((each) => each.name))) {
      report(['chaincodes'], `the chaincode '${name}' is named twice`);
    }
    for (const id of repeated(hospitals.map((each) => each.msp))) {
      report(['hospitals'], `the hospital '${id}' is named twice`);
    }
    const fixed = hospitals.map((each) => each.peer.listen).filter((listen) => !listen.endsWith(':0'));
    for (const listen of repeated(fixed)) report(['hospitals'], `two peers would listen on ${listen}`);
    hospitals.forEach((hospital, index) => {
      for (const name of Object.keys(hospital.chaincodes)) {
        if (!chaincodes.some((each) => each.name === name)) {
          report(['hospitals', index, 'chaincodes', name], 'is not one of the chaincodes of the channel');
        }
      }
    });
  });
export type Config = z.infer<typeof Config>;

/** A configuration that cannot be used; says which file and every reason. */
export class ConfigError extends Error {
  constructor(file: string, reasons: readonly string[], cause?: unknown) {
    super(`${file}: ${reasons.join('; ')}`, { cause });
    this.name = 'ConfigError';
  }
}

/** Reads and checks a configuration file. Throws a ConfigError. */
export function readConfig(file: string): Config {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(file, [(error as Error).message], error);
  }
  const parsed = Config.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    file,
    parsed.error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)),
  );
}

function repeated(names: readonly string[]): Set<string> {
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}
