import {
  featureNames,
  type Msp,
  modelTensors,
  privacySpent,
  requireSoundProtocol,
  requireTrueTable,
  studyTensors,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { HEART_COLUMNS, HEART_HOSPITALS } from './heartHospitals.js';
import { readAloneTraining, readFederatedTraining, readHeartStudy, readPrivateHeartStudy } from './heartStudies.js';

const MEMBERS = HEART_HOSPITALS.map(({ msp }) => msp);

describe.each(['study', 'study.flamby'] as const)('%s.json', (name) => {
  test('is a protocol of the four hospitals over columns that their files have, 13 features wide', async () => {
    const protocol = await readHeartStudy(name);
    expect(protocol.members).toEqual(MEMBERS);
    expect(protocol).toMatchObject({
      publicData: true,
      metrics: 'open',
      validationShare: 0,
      split: { kind: 'listed' },
    });
    const columns = [...protocol.columns.map((column) => column.name), protocol.label.column];
    for (const column of columns) expect(HEART_COLUMNS).toContain(column);
    expect(featureNames(protocol.columns)).toHaveLength(13);
    expect(modelTensors(protocol.model, 13).reduce((sum, { elements }) => sum + elements, 0)).toBe(14);
  });
});

test('the demo keeps an intercept in each hospital; FLamby’s way has none and begins as PyTorch does', async () => {
  const study = await readHeartStudy('study');
  const flamby = await readHeartStudy('study.flamby');
  expect([study.personalTensors, study.standardisation]).toEqual([['output/bias'], 'federated']);
  expect([flamby.personalTensors, flamby.standardisation]).toEqual([[], 'per-hospital']);
  const kernel = studyTensors(flamby).find(({ name }) => name === 'output/kernel');
  const fan = kernel?.fan ?? { in: 0, out: 0 };
  expect(Math.sqrt(6 / (fan.in + fan.out))).toBeCloseTo(1 / Math.sqrt(13), 12);
});

test('the study trains as was chosen for all rows, and a part of the rows as for the nearest part', async () => {
  const study = await readHeartStudy('study');
  expect(await readFederatedTraining()).toEqual(study.training);
  expect(await readFederatedTraining(0.9)).toEqual(await readFederatedTraining(1));
  expect(await readFederatedTraining(0.11)).toEqual(await readFederatedTraining(0.1));
  expect(await readFederatedTraining(0.1)).not.toEqual(await readFederatedTraining(1));
});

test('each hospital alone may take as many steps as a setting of the grid takes in all rounds', async () => {
  const { trainingRounds } = await readHeartStudy('study');
  for (const share of [0.1, 0.25, 0.5, 1]) {
    const alone = await readAloneTraining(share);
    for (const msp of MEMBERS) expect([5, 20, 100]).toContain(alone(msp as Msp).steps / trainingRounds);
  }
  const alone = await readAloneTraining();
  expect(() => alone('OtherMSP' as Msp)).toThrow('training.json says nothing about OtherMSP');
});

describe('the study with differential privacy', () => {
  test.each([0.1, 0.3, 1, 3, 10].flatMap((epsilon) => [1e-3, 1e-5].map((delta) => [epsilon, delta] as const)))(
    'at epsilon %d, delta %d keeps within its budget, which pays for all rounds, and is else the same at every epsilon',
    async (epsilon, delta) => {
      const protocol = await readPrivateHeartStudy({ epsilon, delta, seed: 42 });
      expect(() => requireSoundProtocol(protocol)).not.toThrow();
      expect(() => requireTrueTable(protocol)).not.toThrow();
      const { privacy, ...rest } = protocol;
      if (!privacy) throw new Error('no privacy');
      const { noiseMultiplier, samplingRate, spentMicroEpsilonAfterRound } = privacy;
      expect(privacySpent({ samplingRate, noiseMultiplier }, 15, delta).epsilon).toBeLessThanOrEqual(epsilon);
      expect(spentMicroEpsilonAfterRound[14]).toBeLessThanOrEqual(privacy.budgetMicroEpsilon);
      expect(spentMicroEpsilonAfterRound[14]).toBeGreaterThan(0.999 * epsilon * 1e6);
      const { privacy: _, ...atOne } = await readPrivateHeartStudy({ epsilon: 1, delta: 1e-5, seed: 42 });
      expect(rest).toEqual(atOne);
    },
  );

  test('keeps the hospitals’ own intercepts inside what is clipped and noised, and releases the mean of later versions', async () => {
    const protocol = await readPrivateHeartStudy({ epsilon: 1, delta: 1e-5, seed: 42 });
    expect(protocol).toMatchObject({ personalTensors: ['output/bias'], averageFrom: 8, metrics: 'final' });
    expect(protocol.privacy?.declaredPatients).toEqual({
      ClevelandMSP: 199,
      HungaryMSP: 172,
      SwitzerlandMSP: 30,
      VaMSP: 85,
    });
    expect(await readPrivateHeartStudy({ epsilon: 1, delta: 1e-5, seed: 42, rounds: 6 })).toMatchObject({
      trainingRounds: 6,
      averageFrom: 3,
    });
  });

  test('of a target that no noise reaches is refused', async () => {
    await expect(readPrivateHeartStudy({ epsilon: 0.01, delta: 1e-5, seed: 42 })).rejects.toMatchObject({
      code: 'PRIVACY_TARGET_OUT_OF_REACH',
    });
  });
});
