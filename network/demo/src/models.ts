/** Writes the released version of each study as its file: safetensors. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DemoHospital, DemoNetwork } from './hospitals.js';
import type { FinishedStudy } from './runStudy.js';
import type { Say } from './say.js';

export async function writeModels(
  folder: string,
  { hospitals }: DemoNetwork,
  finished: readonly FinishedStudy[],
  say: Say,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const researcher = (hospitals[0] as DemoHospital).as('researcher');
  for (const { study, protocol, released } of finished) {
    const bytes = await researcher.modelFile(study, released.version);
    await writeFile(join(folder, `seed-${protocol.seed}.safetensors`), bytes);
  }
  say.line(`The released model of each seed is in ${folder}.`);
}
