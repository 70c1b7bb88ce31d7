import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StudyProtocol } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CsvHospitalRows } from './csvHospitalRows.js';

const PROTOCOL = StudyProtocol.parse({
  schemaVersion: 1,
  title: 'Heart',
  mode: 'open',
  members: ['AMSP', 'BMSP'],
  columns: [{ kind: 'number', name: 'age', min: 0, max: 100 }],
  label: { kind: 'binary', column: 'num', positive: { above: 0 } },
  standardisation: 'declared-ranges',
  split: { kind: 'hash', testShare: 0.3, seed: 5 },
  model: { kind: 'logistic-regression' },
  seed: 7,
  training: { steps: 1, batchSize: 2, optimiser: { kind: 'sgd', learningRate: 1 } },
  aggregation: {},
  trainingRounds: 1,
  trainingShare: 0.6,
  validationShare: 0.25,
  consent: {},
});

/** Forty patients; every third has two rows, and the last has none that can be used. */
const PATIENTS = Array.from({ length: 40 }, (_, k) => `p${k}`);
const rowsOf = (patient: string, k: number) =>
  Array.from({ length: k % 3 === 0 ? 2 : 1 }, (_, visit) => `${patient},${20 + k + visit},${k % 2}`);
const CSV = ['patient,age,num', ...PATIENTS.flatMap(rowsOf), 'unusable,,1'].join('\n');

let folder: string;
let source: CsvHospitalRows;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'consilium-consented-'));
  file = join(folder, 'rows.csv');
  await writeFile(file, CSV);
  source = new CsvHospitalRows({ file, patientColumn: 'patient' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What each patient's rows are for, with so many consenting. */
async function setsWith(select: ReadonlySet<string>): Promise<Map<string, string>> {
  const { rows } = await source.read(PROTOCOL, { select });
  return new Map(rows.patientKeys.map((patient, row) => [patient, rows.sets[row] as string]));
}

describe('rows where patients must consent', () => {
  test('the source lists the patients that the study would use, and what for; nobody without a usable row', async () => {
    const patients = await source.patients(PROTOCOL);
    const { rows } = await source.read(PROTOCOL);
    expect(new Set(patients.keys())).toEqual(new Set(rows.patientKeys));
    expect([...patients.values()].filter((set) => set === 'test')).toHaveLength(12);
    expect(patients.has('unusable')).toBe(false);
  });

  test('only those of selected patients are handed out; of the others there is a count', async () => {
    const patients = [...(await source.patients(PROTOCOL)).keys()];
    const select = new Set(patients.filter((_, k) => k % 2 === 0));
    const all = await source.read(PROTOCOL);
    const { rows, report } = await source.read(PROTOCOL, { select });
    expect(new Set(rows.patientKeys)).toEqual(select);
    expect(rows.labels).toHaveLength(rows.lines.length);
    expect(rows.features).toHaveLength(rows.lines.length * rows.featureCount);
    expect(report.withoutConsent).toBe(all.rows.lines.length - rows.lines.length);
    expect(all.report).not.toHaveProperty('withoutConsent');
    for (const [row, line] of rows.lines.entries())
      expect(rows.features[row]).toBe(all.rows.features[all.rows.lines.indexOf(line)]);
  });

  test('whoever withdraws moves nobody else: not from the test into training, nor from left out into anything', async () => {
    const before = await source.patients(PROTOCOL);
    for (const withdrawn of before.keys()) {
      const others = new Set([...before.keys()].filter((patient) => patient !== withdrawn));
      const after = await setsWith(others);
      expect(after.has(withdrawn)).toBe(false);
      for (const patient of others) expect(after.get(patient)).toBe(before.get(patient));
    }
    // Of many at once, too: a share of those who are left would be another one.
    const few = new Set([...before].filter(([, set]) => set !== 'test').map(([patient]) => patient));
    expect([...(await setsWith(few)).values()]).not.toContain('test');
  });

  test('someone who consents without being in the file, or whom the share leaves out, adds nothing', async () => {
    const patients = await source.patients(PROTOCOL);
    const sets = await setsWith(new Set([...PATIENTS, 'unusable', 'nobody']));
    expect(new Set(sets.keys())).toEqual(new Set(patients.keys()));
    expect(sets.size).toBeLessThan(PATIENTS.length);
  });

  test('a source without a patient column cannot be asked, nor one whose training patients all refuse', async () => {
    const unnamed = new CsvHospitalRows({ file });
    await expect(unnamed.patients(PROTOCOL)).rejects.toMatchObject({ code: 'CONSENT_PATIENT_COLUMN_MISSING' });
    await expect(unnamed.read(PROTOCOL, { select: new Set(['2']) })).rejects.toMatchObject({
      code: 'CONSENT_PATIENT_COLUMN_MISSING',
    });
    const test = [...(await source.patients(PROTOCOL))].filter(([, set]) => set === 'test').map(([patient]) => patient);
    await expect(source.read(PROTOCOL, { select: new Set(test) })).rejects.toThrow(
      /^DATA_SPLIT_INVALID: .*no usable row is left for training.*, \d+ are without consent/,
    );
  });
});
