import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type ChannelKind,
  type ResolvedHospital,
  readableTopology,
  refusal,
  resolveHospitals,
} from '@consilium/domain';

/** Largest topology file: twenty hospitals whose splits are listed line by line stay far below. */
export const TOPOLOGY_BYTES_MAX = 8 * 1024 * 1024;

/** A network to bring up: hospitals with ids filled in and files found. */
export interface NetworkPlan {
  readonly name: string | undefined;
  readonly channel: ChannelKind;
  readonly hospitals: readonly ResolvedHospital[];
}

/**
 * Reads a topology file and checks it, data files included.
 *
 * @throws TOPOLOGY_INVALID, TOPOLOGY_DUPLICATE, TOPOLOGY_TOO_FEW, DATA_FILE_MISSING
 */
export function readTopology(file: string): NetworkPlan {
  return planOf(parseFile(file), dirname(resolve(file)));
}

/** Checks a topology; relative data files are looked for under `folder`. Throws as {@link readTopology}. */
export function planOf(candidate: unknown, folder: string): NetworkPlan {
  const topology = readableTopology(candidate);
  const hospitals = resolveHospitals(topology).map((hospital) => {
    const file = resolve(folder, hospital.data.file);
    if (!isReadableFile(file)) throw refusal('DATA_FILE_MISSING', { file });
    return { ...hospital, data: { ...hospital.data, file } };
  });
  return { name: topology.name, channel: topology.channel, hospitals };
}

function parseFile(file: string): unknown {
  const invalid = (problems: string) => refusal('TOPOLOGY_INVALID', { problems: `${file}: ${problems}` });
  let size: number;
  try {
    size = statSync(file).size;
  } catch {
    throw invalid('there is no such file');
  }
  if (size > TOPOLOGY_BYTES_MAX) throw invalid(`${size} bytes, ${TOPOLOGY_BYTES_MAX} are allowed`);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'not JSON');
  }
}

function isReadableFile(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
