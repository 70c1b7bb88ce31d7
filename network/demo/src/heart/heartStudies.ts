/** The demo's study protocols, and how each hospital trains alone for comparison. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { LocalTraining, type Msp, StudyProtocol } from '@consilium/domain';
import { z } from 'zod';

/** `study`: the demo's. `study.flamby`: the same patients as the FLamby benchmark prepares them. */
export type HeartStudyName = 'study' | 'study.flamby';

export function heartFile(name: string): string {
  return fileURLToPath(new URL(`../../heart/${name}`, import.meta.url));
}

export async function readHeartStudy(name: HeartStudyName): Promise<StudyProtocol> {
  return StudyProtocol.parse(JSON.parse(await readFile(heartFile(`${name}.json`), 'utf8')));
}

const AloneFile = z.record(z.string(), LocalTraining);

/**
 * How a hospital trains on its rows alone: all rounds' steps in one go. Chosen for each from the grid that the study's
 * own training was chosen from, by the same cross-validation: `npm run tune -w network/demo`.
 *
 * @throws Error (when asked) for a hospital that is not one of the four
 */
export async function readAloneTraining(): Promise<(msp: Msp) => LocalTraining> {
  const trainings = AloneFile.parse(JSON.parse(await readFile(heartFile('alone.json'), 'utf8')));
  return (msp) => {
    const training = trainings[msp];
    if (!training) throw new Error(`alone.json says nothing about ${msp}`);
    return training;
  };
}
