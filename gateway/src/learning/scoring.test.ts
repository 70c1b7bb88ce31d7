import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Engine } from './engines/engine.js';
import { loadWasm } from './engines/wasm.js';
import { HospitalModel } from './hospitalModel.js';
import { patternRows, smallStudy } from './study.fixture.js';

let engine: Engine;

beforeAll(async () => {
  engine = await loadWasm();
});

const values = (bias: number, x: number) =>
  new Map([
    ['output/bias', new Float32Array([bias])],
    ['output/kernel', new Float32Array([x, 0])],
  ]);
const PROTOCOL = smallStudy({ standardisation: 'declared-ranges' });

describe('scoring', () => {
  test('gives probabilities and log-loss on doubles', async () => {
    const rows = patternRows(5, 2);
    const model = await HospitalModel.build(engine, PROTOCOL, rows);
    const { scores, losses, labels } = model.score(values(0.25, 2), {}, [4, 0]);
    for (const [k, row] of [4, 0].entries()) {
      const p = 1 / (1 + Math.exp(-Math.fround(0.25 + 2 * (rows.features[2 * row] as number))));
      expect(scores[k]).toBeCloseTo(p, 6);
      expect(losses[k]).toBeCloseTo(-Math.log(labels[k] === 1 ? p : 1 - p), 6);
      expect(labels[k]).toBe(rows.labels[row]);
    }
  });

  test('a patient costs sixteen nats at most, and NaN costs them all', async () => {
    const rows = { ...patternRows(3, 2), labels: new Float32Array([0, 1, 0]) };
    const model = await HospitalModel.build(engine, PROTOCOL, rows);
    expect([...model.score(values(100, 0), {}, [0, 1]).losses]).toEqual([16, expect.closeTo(0, 10)]);
    const broken = model.score(values(Number.NaN, 0), {}, [0, 1]);
    expect([...broken.losses]).toEqual([16, 16]);
    expect([...broken.scores]).toEqual([0.5, 0.5]);
  });

  test('many rows go through in parts and come out in order', async () => {
    const rows = patternRows(3_000, 2);
    const model = await HospitalModel.build(engine, PROTOCOL, rows);
    const all = model.score(values(0, 1), {}, model.trainRows).scores;
    expect(all.length).toBe(3_000);
    for (const row of [0, 1_023, 1_024, 2_999])
      expect(all[row]).toBeCloseTo(1 / (1 + Math.exp(-(rows.features[2 * row] as number))), 6);
  });

  test('no rows give no scores', async () => {
    const model = await HospitalModel.build(engine, PROTOCOL, patternRows(3, 2));
    expect(model.score(values(0, 1), {}, []).scores.length).toBe(0);
  });
});
