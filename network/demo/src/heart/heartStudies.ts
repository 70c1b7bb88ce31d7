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

const ChosenTraining = z.strictObject({
  trainingShare: z.number().gt(0).max(1),
  federated: LocalTraining,
  /** By MSP id, with the steps of all rounds. */
  alone: z.record(z.string(), LocalTraining),
});
export type ChosenTraining = z.infer<typeof ChosenTraining>;
export const ChosenTrainings = z.array(ChosenTraining).min(1);

/** What `npm run tune -w network/demo` chose and wrote: for each part of the training rows, by the same cross-validation. */
export const CHOSEN_FILE = 'training.json';

async function chosenFor(trainingShare: number): Promise<ChosenTraining> {
  const chosen = ChosenTrainings.parse(JSON.parse(await readFile(heartFile(CHOSEN_FILE), 'utf8')));
  const distance = (choice: ChosenTraining) => Math.abs(Math.log(choice.trainingShare / trainingShare));
  return chosen.reduce((best, choice) => (distance(choice) < distance(best) ? choice : best));
}

/**
 * How hospitals train together on a part of their training rows; between the parts that were tuned, as for the nearest.
 * For all rows this is what `study.json` says.
 */
export async function readFederatedTraining(trainingShare = 1): Promise<LocalTraining> {
  return (await chosenFor(trainingShare)).federated;
}

/**
 * How a hospital trains on its rows alone: all rounds' steps in one go. Chosen for each hospital from the grid that the
 * study's own training was chosen from.
 *
 * @throws Error (when asked) for a hospital that is not one of the four
 */
export async function readAloneTraining(trainingShare = 1): Promise<(msp: Msp) => LocalTraining> {
  const { alone } = await chosenFor(trainingShare);
  return (msp) => {
    const training = alone[msp];
    if (!training) throw new Error(`${CHOSEN_FILE} says nothing about ${msp}`);
    return training;
  };
}
