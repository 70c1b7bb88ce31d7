/** The study that is run: the heart study, or one from a file, fitted to the hospitals that are there. */
import { readFile } from 'node:fs/promises';
import { BaselineBody } from '@consilium/client';
import {
  LocalTraining,
  type Msp,
  PRIVATE_MEMBERS_MIN,
  PrivacyWish,
  privacyWithin,
  refusal,
  StudyMode,
  StudyPrivacy,
  StudyProtocol,
} from '@consilium/domain';
import { z } from 'zod';
import type { AloneTraining } from './arms.js';
import {
  readAloneTraining,
  readFederatedTraining,
  readHeartStudy,
  readPrivateHeartStudy,
} from './heart/heartStudies.js';

export type DemoStudy = Readonly<{ id: string; protocol: StudyProtocol; alone: AloneTraining }>;

/** What `--study FILE` may leave out: members are the topology's hospitals, seed is `--seed`, mode is `--mode`. */
const StudyFile = z.looseObject({
  schemaVersion: z.literal(1).default(1),
  mode: StudyMode.optional(),
  /** How each hospital trains alone, for comparison. What is absent is the study's own, with all rounds' steps in one go. */
  alone: BaselineBody.shape.training.unwrap().optional(),
  /** Whole, or with `epsilon` instead of noise, budget and table, which then follow. */
  privacy: z.union([PrivacyWish, StudyPrivacy]).optional(),
});
/** What noise and table follow from. */
const PrivateRounds = z.looseObject({
  training: LocalTraining,
  trainingRounds: StudyProtocol.shape.trainingRounds,
  roundsMax: StudyProtocol.shape.roundsMax,
});

type Wish = Readonly<{
  study?: string | undefined;
  seed: number;
  /** What the user asks for; absent: what the study says, else private where hospitals and rule let it be. */
  mode?: StudyMode | undefined;
  rounds?: number | undefined;
  /** Differential privacy for the heart study; a study from a file says it itself. */
  epsilon?: number | undefined;
  delta?: number | undefined;
  members: readonly Msp[];
  trainingShare?: number;
}>;

/** @throws ConsiliumError INPUT_INVALID that names the file and each field that does not fit */
export async function demoStudy({
  study,
  seed,
  mode: asked,
  rounds,
  epsilon,
  delta = 1e-5,
  members,
  trainingShare,
}: Wish): Promise<DemoStudy> {
  const sorted = [...members].sort((a, b) => (a < b ? -1 : 1));
  const changes = {
    members: sorted,
    seed,
    ...(rounds === undefined ? {} : { trainingRounds: rounds }),
    ...(trainingShare === undefined ? {} : { trainingShare }),
  };
  if (epsilon !== undefined) {
    if (study !== undefined)
      throw invalid('--epsilon is for the heart study: a study of your own says it under "privacy"');
    if (trainingShare !== undefined && trainingShare !== 1)
      throw invalid('--epsilon takes all training rows: one patient more would move another in or out of a part');
    const asPrivate = await readPrivateHeartStudy({ epsilon, delta, seed, rounds });
    const protocol = StudyProtocol.parse({ ...asPrivate, members: sorted, mode: asked ?? modeFor(sorted) });
    return { id: 'heart-private', protocol, alone: await readAloneTraining() };
  }
  if (study === undefined) {
    // With fewer rows other settings are best, for all arms alike.
    const alone = await readAloneTraining(trainingShare);
    const training = await readFederatedTraining(trainingShare);
    const mode = asked ?? modeFor(sorted);
    const protocol = StudyProtocol.parse({ ...(await readHeartStudy('study')), training, ...changes, mode });
    return { id: 'heart', protocol, alone };
  }
  const { alone, ...written } = parsed(study, StudyFile, await readJson(study));
  const mode = asked ?? written.mode ?? modeFor(sorted, written.aggregation);
  const privacy = privacyOf(study, written.privacy, { ...written, ...changes });
  const protocol = parsed(study, StudyProtocol, { ...written, ...changes, mode, ...(privacy ? { privacy } : {}) });
  return {
    id: 'study',
    protocol,
    alone: () => ({ steps: Math.min(100_000, protocol.training.steps * protocol.trainingRounds), ...alone }),
  };
}

/** The section on privacy, its noise and table made where the file says an epsilon instead. */
function privacyOf(
  file: string,
  written: PrivacyWish | StudyPrivacy | undefined,
  study: object,
): StudyPrivacy | undefined {
  if (!written || !('epsilon' in written)) return written;
  return privacyWithin(written, parsed(file, PrivateRounds, study));
}

/** Private, unless two would learn each other by subtraction or the rule looks at single updates. */
function modeFor(members: readonly Msp[], aggregation?: unknown): StudyMode {
  const { rule } = (aggregation ?? {}) as { rule?: unknown };
  const isSumEnough = rule === undefined || rule === 'weighted-mean';
  return members.length >= PRIVATE_MEMBERS_MIN && isSumEnough ? 'private' : 'open';
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

function invalid(problems: string, cause?: unknown): Error {
  return refusal('INPUT_INVALID', { problems }, { cause });
}
