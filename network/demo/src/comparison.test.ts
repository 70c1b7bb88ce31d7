import type { BinaryMetrics, Msp } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import type { Arms } from './arms.js';
import { compareArms, meanComparison } from './comparison.js';
import { fractionSvg, fractionTable } from './curve.js';
import { readHeartStudy } from './heart/heartStudies.js';
import { meanTable } from './meanTable.js';
import { pairedLine, resultTables } from './resultTables.js';

const NORTH = 'NorthMSP' as Msp;
const SOUTH = 'SouthMSP' as Msp;
const row = (score: number, label: number) => ({ score, label });

const ARMS: Arms = {
  rows: {
    federated: new Map([
      [NORTH, [row(0.9, 1), row(0.2, 0)]],
      [SOUTH, [row(0.8, 1)]],
    ]),
    alone: new Map([
      [NORTH, [row(0.4, 1), row(0.2, 0)]],
      [SOUTH, [row(0.8, 1)]],
    ]),
    majority: new Map([
      [
        NORTH,
        [
          { ...row(0.5, 1), named: 1 },
          { ...row(0.5, 0), named: 1 },
        ],
      ],
      [SOUTH, [{ ...row(1, 1), named: 1 }]],
    ]),
  },
  training: new Map([
    [NORTH, { rows: 20, positives: 10 }],
    [SOUTH, { rows: 5, positives: 5 }],
  ]),
  engine: { name: 'wasm', version: '0' },
};

const ATTESTED: BinaryMetrics = {
  kind: 'binary',
  patients: 4,
  positives: 2,
  truePositives: 2,
  trueNegatives: 1,
  concordantPairs: 3,
  tiedPairs: 1,
  loss: 0,
  calibration: null,
};

const study = await readHeartStudy('study');
const comparison = compareArms(ARMS, study, ATTESTED);

describe('a comparison of arms', () => {
  test('federated figures over all test rows come from what was attested, exact ones from the rows', () => {
    expect(comparison.accuracy?.federated).toEqual({
      pooledTest: 0.75,
      pooledTestExact: 1,
      meanOfHospitals: 1,
      perHospital: { NorthMSP: 1, SouthMSP: 1 },
    });
    expect(comparison.auc?.federated.pooledTest).toBe(0.875);
  });

  test('what is undefined is null and left out of the mean of hospitals', () => {
    expect(comparison.auc?.federated.perHospital).toEqual({ NorthMSP: 1, SouthMSP: null });
    expect(comparison.auc?.federated.meanOfHospitals).toBe(1);
  });

  test('the majority names one class, its log-loss is that of the training share', () => {
    expect(comparison.accuracy?.majority.perHospital).toEqual({ NorthMSP: 0.5, SouthMSP: 1 });
    expect(comparison.logLoss?.majority.perHospital.NorthMSP).toBeCloseTo(Math.log(2), 12);
    expect(comparison.logLoss?.majority.perHospital.SouthMSP).toBeCloseTo(0, 12);
  });

  test('a suppressed attestation gives null, never a figure of the rows', () => {
    expect(compareArms(ARMS, study, null).accuracy?.federated.pooledTest).toBeNull();
  });

  test('a mean over seeds is null where one of them is', () => {
    const mean = meanComparison([comparison, compareArms(ARMS, study, null)]);
    expect(mean.accuracy?.federated.pooledTest).toBeNull();
    expect(mean.accuracy?.alone.pooledTestExact).toBeCloseTo(2 / 3, 12);
  });
});

describe('tables', () => {
  const hospitals = [
    { msp: NORTH, name: 'North' },
    { msp: SOUTH, name: 'South' },
  ] as never;

  test('show counts, intervals, a dash for what is undefined, and whose patients they are', () => {
    const text = resultTables(hospitals, ARMS, comparison, study, 'made up for this test');
    expect(text).toContain('2/2  100.0 % (34-100)');
    expect(text).toMatch(/South +5 +1 +- /);
    expect(text.match(/made up for this test/g)).toHaveLength(3);
    expect(pairedLine(ARMS)).toContain('1 are named correctly only together, 0 only alone');
    expect(meanTable(comparison)).toContain('always the majority');
  });

  test('the curve has a line a share and arm, and a figure', async () => {
    const fractions = [{ fraction: 0.1, nTrain: { North: 2, South: 1 }, metrics: comparison }];
    expect(fractionTable(fractions)).toMatch(/10 % \(2\/1\) +together +1\.000/);
    expect(await fractionSvg(fractions)).toMatch(/^<svg/);
  });
});
