/** The study that is run: the heart study, or one from a file, fitted to the hospitals that are there. */
import { readFile } from 'node:fs/promises';
import { LocalTraining, type Msp, StudyProtocol } from '@consilium/domain';
import { z } from 'zod';
import type { AloneTraining } from './arms.js';
import { readAloneTraining, readFederatedTraining, readHeartStudy } from './heart/heartStudies.js';

export type DemoStudy = Readonly<{ id: string; protocol: StudyProtocol; alone: AloneTraining }>;

/** What `--study FILE` may leave out: members are the topology's hospitals, seed is `--seed`. */
const StudyFile = z.looseObject({
  schemaVersion: z.literal(1).default(1),
  mode: z.literal('open').default('open'),
  /** How each hospital trains alone, for comparison; absent: as in the study, all rounds' steps in one go. */
  alone: LocalTraining.partial().optional(),
});

type Wish = Readonly<{
  study?: string | undefined;
  seed: number;
  rounds?: number | undefined;
  members: readonly Msp[];
  trainingShare?: number;
}>;

/** @throws Error that names the file and each field that does not fit */
export async function demoStudy({ study, seed, rounds, members, trainingShare }: Wish): Promise<DemoStudy> {
  const sorted = [...members].sort((a, b) => (a < b ? -1 : 1));
  const changes = {
    members: sorted,
    seed,
    ...(rounds === undefined ? {} : { trainingRounds: rounds }),
    ...(trainingShare === undefined ? {} : { trainingShare }),
  };
  if (study === undefined) {
    // With fewer rows other settings are best, for all arms alike.
    const alone = await readAloneTraining(trainingShare);
    const training = await readFederatedTraining(trainingShare);
    const protocol = StudyProtocol.parse({ ...(await readHeartStudy('study')), training, ...changes });
    return { id: 'heart', protocol, alone };
  }
  const { alone, ...written } = parsed(study, StudyFile, await readJson(study));
  const protocol = parsed(study, StudyProtocol, { ...written, ...changes });
  return {
    id: 'study',
    protocol,
    alone: () => alone ?? { steps: Math.min(100_000, protocol.training.steps * protocol.trainingRounds) },
  };
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read: name a study protocol in JSON`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function parsed<Shape extends z.ZodType>(file: string, shape: Shape, value: unknown): z.infer<Shape> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`${file} is no study protocol:\n${z.prettifyError(result.error)}`);
}
