/** A network on one machine, as a file names it: its hospitals, where their rows are, and which ports they use. */
import { z } from 'zod';
import { refusal } from './errors.js';
import { HospitalRegistration } from './hospital.js';
import { Msp } from './ids.js';
import { HOSPITALS_LOCAL_MAX, HOSPITALS_PER_STUDY_MIN } from './limits.js';

/** Kinds of channel that the launcher can bring up: one process for development, or Hyperledger Fabric's own. */
export const ChannelKind = z
  .enum(['embedded', 'fabric'])
  .meta({ description: 'Which kind of channel lies below the network.' });
export type ChannelKind = z.infer<typeof ChannelKind>;

const CHANNEL_KIND_DEFAULT: ChannelKind = 'embedded';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LINE_NUMBERS = /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/;

const LineNumbers = z
  .string()
  .regex(LINE_NUMBERS, 'line numbers, single or as ranges, separated by commas: 1,2,5-9')
  .meta({ description: 'Lines of the file, the first one being line 1: single numbers and inclusive ranges.' });

const Port = z.int().min(1).max(65_535);

/** Where one hospital's rows are, and how its file is read. The file stays where it is. */
export const TopologyData = z.strictObject({
  file: z.string().min(1).meta({ description: 'A CSV file; a relative path is relative to the topology file.' }),
  delimiter: z
    .string()
    .length(1)
    .optional()
    .meta({ description: 'One character between two fields. Absent: a comma.' }),
  header: z
    .boolean()
    .optional()
    .meta({ description: 'Whether line 1 names the columns. Absent: it does unless columns are given.' }),
  columns: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .meta({ description: 'Names of the columns from left to right.' }),
  patientColumn: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Column that tells patients apart; it never leaves the hospital.' }),
  split: z
    .strictObject({ trainLines: LineNumbers, testLines: LineNumbers })
    .optional()
    .meta({ description: 'Which lines train and which test. Absent: the study decides.' }),
});
export type TopologyData = z.infer<typeof TopologyData>;

/** Ports of one hospital's parts on this machine. What is absent is chosen free. */
export const TopologyPorts = z.strictObject({
  peer: Port.optional(),
  chaincode: Port.optional(),
  api: Port.optional(),
  exchange: Port.optional(),
  orderer: Port.optional().meta({ description: 'Channel `fabric` only.' }),
  ordererAdmin: Port.optional().meta({ description: 'Channel `fabric` only.' }),
});
export type TopologyPorts = z.infer<typeof TopologyPorts>;

/** A hospital as its topology file names it. */
export const TopologyHospital = z.strictObject({
  name: HospitalRegistration.shape.name,
  msp: Msp.optional().meta({ description: 'Absent: derived from the name.' }),
  slug: z
    .string()
    .regex(SLUG, 'lower case letters, digits and dashes, 63 characters at most')
    .optional()
    .meta({ description: 'Short name in certificates. Absent: derived from the name.' }),
  data: TopologyData,
  ports: TopologyPorts.optional(),
});
export type TopologyHospital = z.infer<typeof TopologyHospital>;

/**
 * A network on one machine: its hospitals, in the order in which they are shown. Invariants: no two hospitals share a
 * name, an MSP id or a slug (given or derived, upper and lower case being one), nor a port.
 */
export const Topology = z
  .strictObject({
    name: HospitalRegistration.shape.name.optional(),
    channel: ChannelKind.default(CHANNEL_KIND_DEFAULT),
    hospitals: z
      .array(TopologyHospital)
      .min(HOSPITALS_PER_STUDY_MIN, `at least ${HOSPITALS_PER_STUDY_MIN} hospitals: one alone has nobody to learn with`)
      .max(HOSPITALS_LOCAL_MAX, `at most ${HOSPITALS_LOCAL_MAX} hospitals on one machine`),
  })
  .superRefine((topology, context) => {
    for (const problem of problemsOf(topology.hospitals)) context.addIssue({ code: 'custom', ...problem });
  })
  .meta({ id: 'Topology', description: 'Hospitals of a network on one machine.' });
export type Topology = z.infer<typeof Topology>;

/** A hospital with everything that its topology left to be derived. */
export interface ResolvedHospital {
  readonly name: string;
  readonly msp: Msp;
  /** Short name for certificates' subjects and addresses: `va-long-beach`. */
  readonly slug: string;
  readonly data: TopologyData;
  readonly ports: TopologyPorts;
}

/** The hospitals of a parsed topology, in its order, with MSP ids and slugs filled in. */
export function resolveHospitals(topology: Topology): ResolvedHospital[] {
  return topology.hospitals.map((hospital) => ({
    name: hospital.name,
    msp: Msp.parse(mspOf(hospital)),
    slug: slugOf(hospital),
    data: hospital.data,
    ports: hospital.ports ?? {},
  }));
}

/** `Cleveland` gives `ClevelandMSP`, `Hôpital Saint-Louis` gives `HopitalSaintLouisMSP`. */
function mspOf(hospital: TopologyHospital): string {
  if (hospital.msp !== undefined) return hospital.msp;
  const words = latinWords(hospital.name).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return words.length === 0 ? '' : `${words.join('').slice(0, 60)}MSP`;
}

/** `VA Long Beach` gives `va-long-beach`. */
function slugOf(hospital: TopologyHospital): string {
  if (hospital.slug !== undefined) return hospital.slug;
  const fromName = latinWords(hospital.name).join('-').toLowerCase();
  return fromName === ''
    ? mspOf(hospital)
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
    : fromName;
}

function latinWords(name: string): string[] {
  const plain = name.normalize('NFKD').replace(/\p{Mark}/gu, '');
  return plain.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
}

interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
  /** The name that two hospitals share, if that is the problem. */
  readonly params?: { readonly twice: string };
}

function problemsOf(hospitals: readonly TopologyHospital[]): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  const once = (kind: string, value: string, owner: string, path: (string | number)[]): void => {
    const key = `${kind} ${value.toLowerCase()}`;
    const other = seen.get(key);
    if (other === undefined) seen.set(key, owner);
    else {
      const message = `the ${kind} '${value}' is used twice, by ${other} and by ${owner}`;
      problems.push({ path, message, ...(kind === 'port' ? {} : { params: { twice: value } }) });
    }
  };
  for (const [index, hospital] of hospitals.entries()) {
    const at = ['hospitals', index];
    const owner = `hospital ${index + 1} (${hospital.name})`;
    // Without a Latin letter or digit in its name, hospitals would all be called `MSP`.
    if (!Msp.safeParse(mspOf(hospital)).success) {
      problems.push({
        path: [...at, 'msp'],
        message: `no MSP id can be made of the name '${hospital.name}': give one as "msp"`,
      });
      continue;
    }
    once('name', hospital.name, owner, [...at, 'name']);
    once('MSP id', mspOf(hospital), owner, [...at, 'msp']);
    once('slug', slugOf(hospital), owner, [...at, 'slug']);
    for (const [part, port] of Object.entries(hospital.ports ?? {})) {
      once('port', String(port), `${owner}, ${part}`, [...at, 'ports', part]);
    }
  }
  return problems;
}

const PROBLEMS_SHOWN = 5;

/**
 * A topology out of JSON that somebody wrote.
 * @throws ConsiliumError TOPOLOGY_TOO_FEW, TOPOLOGY_DUPLICATE, TOPOLOGY_INVALID
 */
export function readableTopology(candidate: unknown): Topology {
  const parsed = Topology.safeParse(candidate, { reportInput: true });
  if (!parsed.success) throw refusalOf(parsed.error.issues);
  return parsed.data;
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
