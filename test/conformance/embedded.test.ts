/**
 * Every case on the embedded channel, compared with what real Fabric answered when the golden file was recorded. Needs no
 * Fabric; that the golden file was recorded from one is checked in `golden.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CASES } from './cases/index.js';
import { readAcceptedDifferences } from './support/acceptedDifferences.js';
import { answerTo, nameOf } from './support/case.js';
import { deploy } from './support/deployment.js';
import { verifyEvidence } from './support/evidence.js';
import { digestOf, readGolden } from './support/golden.js';
import { LaunchedChannel } from './support/launchedChannel.js';
import { seal } from './support/seal.js';
import { Stage } from './support/stage.js';

jest.setTimeout(240_000);

const golden = readGolden();
const accepted = new Map(readAcceptedDifferences().map((each) => [each.case, each]));
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.create(await LaunchedChannel.start('embedded'));
  await deploy(stage);
});

afterAll(async () => await stage?.close());

describe('the embedded channel answers as real Fabric does', () => {
  test.each(CASES.map((each) => [nameOf(each), each] as const))('%s', async (name, each) => {
    expect(await answerTo(each, stage)).toEqual(accepted.get(name)?.embedded ?? golden?.answers[name]);
  });
});

describe('the embedded channel', () => {
  test('cannot be what a golden file was recorded from', async () => {
    const { version, answers } = golden as NonNullable<typeof golden>;
    const evidence = await seal(stage, digestOf({ version, answers }));
    expect(() => verifyEvidence({ version, answers, evidence })).toThrow(
      /^the golden file shows no recording of real Fabric: /,
    );
  });
});
