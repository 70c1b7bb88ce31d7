/**
 * Every case on real Fabric, where its commands are on PATH or in FABRIC_BIN_DIR. With CONFORMANCE_RECORD=1 its answers
 * become the golden file; else they must be those of the golden file.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CASES } from './cases/index.js';
import type { Answer } from './support/answer.js';
import { answerTo, nameOf } from './support/case.js';
import { deploy } from './support/deployment.js';
import { verifyEvidence } from './support/evidence.js';
import { fabricCommands, fabricVersion } from './support/fabricVersion.js';
import { digestOf, readGolden, writeGolden } from './support/golden.js';
import { LaunchedChannel } from './support/launchedChannel.js';
import { seal } from './support/seal.js';
import { Stage } from './support/stage.js';

jest.setTimeout(180_000);

const commands = await fabricCommands();
const isRecording = process.env.CONFORMANCE_RECORD === '1';

if (commands === undefined) {
  describe('real Fabric', () => {
    test.skip('was not asked: its commands orderer, peer and configtxgen are not there', () => undefined);
  });
} else {
  const golden = readGolden();
  const answers: Record<string, Answer> = {};
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.create(await LaunchedChannel.start('fabric'));
    await deploy(stage);
  });

  afterAll(async () => await stage?.close());

  describe('real Fabric answers as the golden file says', () => {
    test.each(CASES.map((each) => [nameOf(each), each] as const))('%s', async (name, each) => {
      answers[name] = await answerTo(each, stage);
      if (!isRecording) expect(answers[name]).toEqual(golden?.answers[name]);
    });
  });

  if (isRecording) {
    test('its answers are recorded, signed by its peers and orderers', async () => {
      const version = await fabricVersion(commands);
      const evidence = await seal(stage, digestOf({ version, answers }));
      const recorded = { version, answers, evidence };
      verifyEvidence(recorded);
      expect(Object.keys(answers)).toEqual(CASES.map(nameOf));
      writeGolden(recorded);
    });
  }
}
