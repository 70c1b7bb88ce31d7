import { expect, test } from '@jest/globals';
import { HEART_HOSPITALS } from './heartHospitals.js';
import { linesOf, readHeartSplit } from './heartSplit.js';
import { heartTopology } from './heartTopology.js';

test('the split names 740 lines, each once and inside its file, as many as the benchmark has', async () => {
  const split = await readHeartSplit();
  const counts = HEART_HOSPITALS.map(({ key, rows }) => {
    const train = linesOf(split[key].trainLines);
    const test = linesOf(split[key].testLines);
    const lines = [...train, ...test];
    expect(new Set(lines).size).toBe(lines.length);
    expect(Math.min(...lines)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...lines)).toBeLessThanOrEqual(rows);
    return [train.length, test.length];
  });
  expect(counts).toEqual([
    [199, 104],
    [172, 89],
    [30, 16],
    [85, 45],
  ]);
});

test('the topology hands each hospital its own file, columns and lines', async () => {
  const files = { cleveland: '/c', hungary: '/h', switzerland: '/s', va: '/v' };
  const { hospitals } = await heartTopology(files);
  expect(hospitals.map(({ name, msp, data }) => [name, msp, data.file, data.columns?.length])).toEqual([
    ['Cleveland', 'ClevelandMSP', '/c', 14],
    ['Hungary', 'HungaryMSP', '/h', 14],
    ['Switzerland', 'SwitzerlandMSP', '/s', 14],
    ['VA', 'VaMSP', '/v', 14],
  ]);
  const split = await readHeartSplit();
  expect(hospitals.map(({ data }) => data.split)).toEqual(HEART_HOSPITALS.map(({ key }) => split[key]));
});
