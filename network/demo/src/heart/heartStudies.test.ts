import { featureNames, type Msp, modelTensors, studyTensors } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { HEART_COLUMNS, HEART_HOSPITALS } from './heartHospitals.js';
import { readAloneTraining, readFederatedTraining, readHeartStudy } from './heartStudies.js';

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
