/** Where the rows came from: written by `prepare`, told on every table by `run`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

export const CohortSource = z.strictObject({
  /** `own`: files that a topology names. */
  source: z.enum(['folder', 'registry', 'uci', 'synthetic', 'own']),
  sha256: z.record(z.string(), z.string()),
});
export type CohortSource = z.infer<typeof CohortSource>;

function recordFile(home: string): string {
  return join(home, 'cohort.json');
}

export async function writeCohortSource(home: string, source: CohortSource): Promise<void> {
  await writeFile(recordFile(home), `${JSON.stringify(source, null, 2)}\n`);
}

export async function readCohortSource(home: string): Promise<CohortSource> {
  return CohortSource.parse(JSON.parse(await readFile(recordFile(home), 'utf8')));
}

/** The line under every table. */
export function cohortLine({ source }: CohortSource): string {
  switch (source) {
    case 'own':
      return 'your own files';
    case 'synthetic':
      return 'SYNTHETIC PATIENTS: neither folder, registry nor UCI could be reached; these figures mean nothing';
    default:
      return "real patients: UCI Heart Disease, CC BY 4.0, doi 10.24432/C52P4X, files equal UCI's by SHA-256";
  }
}
