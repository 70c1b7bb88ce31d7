/** The study that is run: the heart study, or one from a file, fitted to the hospitals that are there. */
import { readFile } from 'node:fs/promises';
import { BaselineBody } from '@consilium/client';
import { type Msp, refusal, StudyProtocol } from '@consilium/domain';
import { z } from 'zod';
import type { AloneTraining } from './arms.js';
import { readAloneTraining, readFederatedTraining, readHeartStudy } from './heart/heartStudies.js';

export type DemoStudy = Readonly<{ id: string; protocol: StudyProtocol; alone: AloneTraining }>;

/** What `--study FILE` may leave out: members are the topology's hospitals, seed is `--seed`. */
const StudyFile = z.looseObject({
  schemaVersion: z.literal(1).default(1),
  mode: z.literal('open').default('open'),
  /** How each hospital trains alone, for comparison. What is absent is the study's own, with all rounds' steps in one go. */
  alone: BaselineBody.shape.training.unwrap().optional(),
});

type Wish = Readonly<{
  study?: string | undefined;
  seed: number;
  rounds?: number | undefined;
  members: readonly Msp[];
  trainingShare?: number;
}>;

/** @throws ConsiliumError INPUT_INVALID that names the file and each field that does not fit */
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
    alone: () => ({ steps: Math.min(100_000, protocol.training.steps * protocol.trainingRounds), ...alone }),
  };
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw invalid(`${file} cannot be read: name a study protocol in JSON`, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`${file} is not JSON: ${(error as Error).message}`, error);
  }
}

function parsed<Shape extends z.ZodType>(file: string, shape: Shape, value: unknown): z.infer<Shape> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  throw invalid(`${file} is no study protocol:\n${z.prettifyError(result.error)}`, result.error);
}

function invalid(problems: string, cause: unknown): Error {
  return refusal('INPUT_INVALID', { problems }, { cause });
}
