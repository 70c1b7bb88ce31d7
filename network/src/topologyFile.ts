import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ChannelKind, type ResolvedHospital, refusal, resolveHospitals, Topology } from '@consilium/domain';

/** Largest topology file: twenty hospitals whose splits are listed line by line stay far below. */
export const TOPOLOGY_BYTES_MAX = 8 * 1024 * 1024;

const PROBLEMS_SHOWN = 5;

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
  const parsed = Topology.safeParse(candidate, { reportInput: true });
  if (!parsed.success) throw refusalOf(parsed.error.issues);
  const hospitals = resolveHospitals(parsed.data).map((hospital) => {
    const file = resolve(folder, hospital.data.file);
    if (!isReadableFile(file)) throw refusal('DATA_FILE_MISSING', { file });
    return { ...hospital, data: { ...hospital.data, file } };
  });
  return { name: parsed.data.name, channel: parsed.data.channel, hospitals };
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

type Issue = NonNullable<ReturnType<typeof Topology.safeParse>['error']>['issues'][number];

function refusalOf(issues: readonly Issue[]): Error {
  for (const issue of issues) {
    if (issue.code === 'too_small' && issue.path.join() === 'hospitals')
      return refusal('TOPOLOGY_TOO_FEW', { found: foundIn(issue) });
    if (issue.code === 'custom' && typeof issue.params?.twice === 'string')
      return refusal('TOPOLOGY_DUPLICATE', { name: issue.params.twice });
  }
  const shown = issues
    .slice(0, PROBLEMS_SHOWN)
    .map(({ path, message }) => `${path.join('.') || 'topology'}: ${message}`);
  const more = issues.length > PROBLEMS_SHOWN ? [`and ${issues.length - PROBLEMS_SHOWN} more`] : [];
  return refusal('TOPOLOGY_INVALID', { problems: [...shown, ...more].join('; ') });
}

function foundIn(issue: Issue): number {
  return Array.isArray(issue.input) ? issue.input.length : 0;
}

function isReadableFile(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
