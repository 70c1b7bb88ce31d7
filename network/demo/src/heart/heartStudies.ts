/** The demo's study protocols, and how each hospital trains alone for comparison. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { LocalTraining, type Msp, PrivacyWish, privacyWithin, StudyProtocol } from '@consilium/domain';
import { z } from 'zod';

/** `study`: the demo's. `study.flamby`: the same patients as the FLamby benchmark prepares them. */
export type HeartStudyName = 'study' | 'study.flamby';

export function heartFile(name: string): string {
  return fileURLToPath(new URL(`../../heart/${name}`, import.meta.url));
}

export async function readHeartStudy(name: HeartStudyName): Promise<StudyProtocol> {
  return StudyProtocol.parse(JSON.parse(await readFile(heartFile(`${name}.json`), 'utf8')));
}

const { trainingRounds, averageFrom, model, training } = StudyProtocol.shape;
const PrivateSettings = z.strictObject({
  trainingRounds,
  averageFrom,
  model,
  training,
  privacy: PrivacyWish.omit({ epsilon: true, delta: true }),
});

export type PrivacyAsked = Readonly<{ epsilon: number; delta: number; seed: number; rounds?: number | undefined }>;

/**
 * The demo's study with differential privacy for each hospital's patients, by the settings that stand in `privacy.json`, at
 * every epsilon: of about 130 tried at epsilon 1, those with the lowest log-loss on training rows. No budget pays for such
 * looks: a study on patients who are not public would have to make them on other data. That weights begin with 0 was
 * decided after earlier settings, which began at random, had been seen on test rows.
 *
 * @throws ConsiliumError PRIVACY_TARGET_OUT_OF_REACH
 */
export async function readPrivateHeartStudy({ epsilon, delta, seed, rounds }: PrivacyAsked): Promise<StudyProtocol> {
  const written = PrivateSettings.parse(JSON.parse(await readFile(heartFile('privacy.json'), 'utf8')));
  const { privacy, ...settings } = written;
  const study = await readHeartStudy('study');
  const asked = {
    ...study,
    ...settings,
    ...(rounds === undefined ? {} : { trainingRounds: rounds, averageFrom: Math.ceil(rounds / 2) }),
    seed,
    title: `${study.title}, with differential privacy`,
    // Nothing exact may leave a hospital beside the noised gradients.
    metrics: 'final' as const,
    standardisation: 'declared-ranges' as const,
    validationShare: 0,
  };
  return StudyProtocol.parse({ ...asked, privacy: privacyWithin({ ...privacy, epsilon, delta }, asked) });
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
