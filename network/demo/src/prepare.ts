/** Gets the hospitals' files and writes the topology that the launcher starts: `prepare`. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readableTopology, refusal } from '@consilium/domain';
import { type CohortSource, writeCohortSource } from './cohortRecord.js';
import { heartTopology } from './heart/heartTopology.js';
import { obtainHeartFiles } from './heart/obtainHeartFiles.js';
import type { Say } from './say.js';

type Wish = Readonly<{
  home: string;
  topology?: string | undefined;
  study?: string | undefined;
  /** No study will be played: own hospitals need none. */
  networkOnly?: boolean | undefined;
}>;

export async function prepare(
  { home, topology, study, networkOnly }: Wish,
  cacheFolder: string,
  say: Say,
): Promise<void> {
  if (topology !== undefined && study === undefined && !networkOnly)
    throw refusal('INPUT_INVALID', {
      problems: '--topology brings your own files: say with --study which columns are read and what is predicted',
    });
  const { written, source } = topology === undefined ? await heartCohort(cacheFolder, say) : await ownCohort(topology);
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeFile(join(home, 'topology.json'), `${JSON.stringify(written, null, 2)}\n`);
  await writeCohortSource(home, source);
}

async function heartCohort(cacheFolder: string, say: Say): Promise<{ written: unknown; source: CohortSource }> {
  const { source, sha256, files } = await obtainHeartFiles({
    environment: process.env,
    cacheFolder,
    say: (line: string) => say.line(line),
  });
  return { written: await heartTopology(files), source: { source, sha256 } };
}

/** A user's topology with its paths made absolute, and the digests of its files. */
async function ownCohort(file: string): Promise<{ written: unknown; source: CohortSource }> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const problems = `${file} cannot be read as JSON: ${(error as Error).message}`;
    throw refusal('TOPOLOGY_INVALID', { problems }, { cause: error });
  }
  const topology = readableTopology(value);
  const folder = dirname(resolve(file));
  const hospitals = topology.hospitals.map((hospital) => ({
    ...hospital,
    data: {
      ...hospital.data,
      file: isAbsolute(hospital.data.file) ? hospital.data.file : join(folder, hospital.data.file),
    },
  }));
  const digests = await Promise.all(
    hospitals.map(async ({ name, data }) => [name.toLowerCase(), await fileDigest(data.file)] as const),
  );
  return { written: { ...topology, hospitals }, source: { source: 'own', sha256: Object.fromEntries(digests) } };
}

async function fileDigest(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    throw refusal('DATA_FILE_MISSING', { file }, { cause: error });
  }
  return hash.digest('hex');
}
