import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsiliumError, StudyProtocol, sha256Hex } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CsvHospitalRows } from './csvHospitalRows.js';
import type { CsvSource } from './csvRecords.js';
import { RECORD_BYTES_MAX } from './limits.js';

const PROTOCOL = {
  schemaVersion: 1,
  title: 'Heart',
  mode: 'open',
  members: ['AMSP', 'BMSP'],
  columns: [
    { kind: 'number', name: 'age', unit: 'years', min: 0, max: 100, missing: ['-9'] },
    { kind: 'category', name: 'pain', levels: ['1', '2', 'none'], missing: ['?'] },
  ],
  label: { kind: 'binary', column: 'num', positive: { above: 0 }, missing: ['?'] },
  standardisation: 'declared-ranges',
  split: { kind: 'listed' },
  model: { kind: 'logistic-regression' },
  seed: 7,
  training: { steps: 1, batchSize: 2, optimiser: { kind: 'sgd', learningRate: 1 } },
  aggregation: {},
  trainingRounds: 1,
  validationShare: 0,
};
const LISTED = { split: { trainLines: '2-4', testLines: '5' } };
const GOOD = 'age,pain,num\n0,1,0\n50,2,2\n100,none,1\n25,1.0,0\n';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'consilium-rows-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
async function read(text: string, source: Partial<CsvSource> = LISTED, protocol: object = {}) {
  const file = join(folder, `${++files}.csv`);
  await writeFile(file, text);
  return new CsvHospitalRows({ file, ...source }).read(StudyProtocol.parse({ ...PROTOCOL, ...protocol }), {
    study: 'heart',
  });
}

/** The refusal's message, without the folder. */
async function refused(...args: Parameters<typeof read>): Promise<string> {
  const outcome = await read(...args).catch((error: unknown) => error);
  if (!(outcome instanceof ConsiliumError)) throw new Error('the file was not refused', { cause: outcome });
  return outcome.message.replaceAll(folder, '').replaceAll(/\/\d+\.csv/g, 'FILE');
}

describe('what a hospital reads of its file', () => {
  test('encodes numbers by range and categories one-hot, in the order of the file', async () => {
    const { rows, report } = await read(GOOD);
    expect(rows.featureCount).toBe(3);
    expect([...rows.features]).toEqual([-1, 0, 0, 0, 1, 0, 1, 0, 1, -0.5, 0, 0]);
    expect([...rows.labels]).toEqual([0, 1, 1, 0]);
    expect(rows.sets).toEqual(['train', 'train', 'train', 'test']);
    expect(rows.lines).toEqual([2, 3, 4, 5]);
    expect(rows.patientKeys).toEqual(['2', '3', '4', '5']);
    expect(report).toMatchObject({
      columns: ['age', 'pain', 'num'],
      rowsRead: 4,
      unusedLines: 0,
      used: { train: 3, validation: 0, test: 1, leftOut: 0 },
      positives: { train: 2, validation: 0, test: 0 },
      dropped: { rows: 0, byColumn: {} },
    });
  });

  test('reads other delimiters, orders of columns, byte order marks, line breaks, quotes and empty lines', async () => {
    const text = '\ufeffnum;note;pain;age\r\n\r\n0;"a ""b""\r\n;c";1;0\r\n 2 ; ;2;50\r\n1;;none;100\r\n0;;1;25';
    const { rows } = await read(text, { delimiter: ';', split: { trainLines: '3,5,6', testLines: '7' } });
    expect([...rows.features]).toEqual([-1, 0, 0, 0, 1, 0, 1, 0, 1, -0.5, 0, 0]);
    expect(rows.lines).toEqual([3, 5, 6, 7]);
  });

  test('takes names from the source where the file has none, or numbers the columns', async () => {
    const text = GOOD.slice(GOOD.indexOf('\n') + 1);
    const split = { trainLines: '1-3', testLines: '4' };
    const named = await read(text, { columns: ['age', 'pain', 'num'], split });
    expect(named.rows.lines).toEqual([1, 2, 3, 4]);
    const columns = PROTOCOL.columns.map((column, index) => ({ ...column, name: String(index + 1) }));
    const numbered = await read(text, { header: false, split }, { columns, label: { ...PROTOCOL.label, column: '3' } });
    expect(numbered.rows.features).toEqual(named.rows.features);
  });

  test('drops rows with a missing value and counts them by column', async () => {
    const text = `${GOOD},2,1\n-9.0,?,1\n30,1,?\n30,1,1\n`;
    const { rows, report } = await read(text, { split: { trainLines: '2-4,6-9', testLines: '5' } });
    expect(rows.lines).toEqual([2, 3, 4, 5, 9]);
    expect(report.dropped).toEqual({ rows: 3, byColumn: { age: 2, pain: 1, num: 1 } });
  });

  test('does not look at lines that a listed split leaves out', async () => {
    const { report } = await read(`${GOOD}no number,7,x,too,many\n`);
    expect(report).toMatchObject({ rowsRead: 5, unusedLines: 1, used: { train: 3, test: 1 } });
  });

  test('warns of one class, of fewer rows than a batch and of no test row, and goes on', async () => {
    const { report } = await read(
      'age,pain,num\n1,1,1\n2,2,3\n3,1,0\n',
      { split: { trainLines: '2-3', testLines: '4' } },
      { training: { ...PROTOCOL.training, batchSize: 4 } },
    );
    expect(report.warnings).toEqual([
      expect.stringMatching(/^2 training rows are fewer than the batch of 4/),
      expect.stringMatching(/^all 2 training rows have one class, positive/),
      expect.stringMatching(/^all 1 test rows have one class/),
    ]);
  });

  test('maps a numeric label by its range', async () => {
    const label = { kind: 'number', column: 'num', min: 0, max: 4 };
    const { rows, report } = await read(GOOD, LISTED, { label });
    expect([...rows.labels]).toEqual([-1, 0, -0.5, -1]);
    expect(report.positives).toBeUndefined();
  });

  test('reads a binary label that names its positive level', async () => {
    const label = { kind: 'binary', column: 'num', positive: { equals: '2.0' } };
    expect([...(await read(GOOD, LISTED, { label })).rows.labels]).toEqual([0, 1, 0, 0]);
  });
});

describe('which rows a study uses', () => {
  const many = `id,age,pain,num\n${Array.from({ length: 200 }, (_, k) => `p${k >> 1},${k % 100},1,${k % 3}`).join('\n')}\n`;
  const byPatient = { patientColumn: 'id' };
  const hash = (seed: number) => ({ split: { kind: 'hash', testShare: 0.25, seed } });
  const patientsOf = (result: Awaited<ReturnType<typeof read>>, set: string) =>
    new Set(result.rows.patientKeys.filter((_, row) => result.rows.sets[row] === set));

  test('splits by the lowest hashes of seed and patient, all rows of a patient together', async () => {
    const result = await read(many, byPatient, hash(3));
    const lowest = Array.from({ length: 100 }, (_, k) => `p${k}`)
      .sort((a, b) => (sha256Hex(`3\n${a}`) < sha256Hex(`3\n${b}`) ? -1 : 1))
      .slice(0, 25);
    expect(patientsOf(result, 'test')).toEqual(new Set(lowest));
    expect(result.report.used).toEqual({ train: 150, validation: 0, test: 50, leftOut: 0 });
    expect(patientsOf(await read(many, byPatient, hash(4)), 'test')).not.toEqual(new Set(lowest));
  });

  test('keeps a training share that a larger one holds, and never touches the test rows', async () => {
    const at = async (trainingShare: number) => read(many, byPatient, { ...hash(3), trainingShare });
    const [tenth, half, whole] = [await at(0.1), await at(0.5), await at(1)];
    expect(tenth.report.used).toEqual({ train: 16, validation: 0, test: 50, leftOut: 134 });
    for (const patient of patientsOf(tenth, 'train')) expect(patientsOf(half, 'train')).toContain(patient);
    for (const patient of patientsOf(half, 'train')) expect(patientsOf(whole, 'train')).toContain(patient);
    expect(patientsOf(tenth, 'test')).toEqual(patientsOf(whole, 'test'));
    const least = await at(0.001);
    expect(patientsOf(least, 'train').size).toBe(1);
  });

  test('takes validation rows out of the training rows by patient', async () => {
    const result = await read(many, byPatient, { ...hash(3), validationShare: 0.2 });
    const all = (await read(many, byPatient, hash(3))).rows;
    const training = [...new Set(all.patientKeys.filter((_, row) => all.sets[row] === 'train'))];
    const lowest = training
      .sort((a, b) => (sha256Hex(`validation\n7\n${a}`) < sha256Hex(`validation\n7\n${b}`) ? -1 : 1))
      .slice(0, 15);
    expect(patientsOf(result, 'validation')).toEqual(new Set(lowest));
    expect(result.report.used).toEqual({ train: 120, validation: 30, test: 50, leftOut: 0 });
  });

  test('refuses a listed split that is absent, unreadable, overlapping, for another file, or splits a patient', async () => {
    expect(await refused(GOOD, {})).toMatch(/^DATA_SPLIT_INVALID: the split of FILE: the study wants listed lines/);
    expect(await refused(GOOD, { split: { trainLines: '2-4,4', testLines: '5' } })).toMatch(/line 4 is listed twice/);
    expect(await refused(GOOD, { split: { trainLines: '4-2', testLines: '5' } })).toMatch(/4-2 runs backwards/);
    expect(await refused(GOOD, { split: { trainLines: '2-4', testLines: '4-5' } })).toMatch(
      /line 4 is listed for training and for the test/,
    );
    expect(await refused(GOOD, { split: { trainLines: '2-4', testLines: '5-9' } })).toMatch(
      /line 9 is listed, the last row is line 5/,
    );
    expect(await refused(GOOD, { split: { trainLines: '1-4', testLines: '5' } })).toMatch(
      /line 1 is listed, it names the columns/,
    );
    expect(await refused(many, { ...byPatient, split: { trainLines: '2', testLines: '3-9' } })).toMatch(
      /the patient of line 2 \(training\) is that of line 3 \(test\)/,
    );
  });
});

describe('files that are refused, by line and column, never by content', () => {
  test('a file that is not there, or is a folder', async () => {
    const source = new CsvHospitalRows({ file: join(folder, 'nothing.csv'), ...LISTED });
    await expect(source.read(StudyProtocol.parse(PROTOCOL))).rejects.toThrow(/^DATA_FILE_MISSING: .*nothing\.csv/);
    const other = new CsvHospitalRows({ file: folder, ...LISTED });
    await expect(other.read(StudyProtocol.parse(PROTOCOL))).rejects.toThrow(/^DATA_FILE_MISSING/);
  });

  test.each([
    ['nothing at all', ''],
    ['empty lines', '\n\n  \n'],
    ['a header alone', 'age,pain,num\n'],
  ])('%s', async (_, text) => {
    expect(await refused(text)).toBe('DATA_EMPTY: FILE has no row');
  });

  test('the wrong delimiter', async () => {
    expect(await refused(GOOD.replaceAll(',', ';'))).toBe(
      "DATA_DELIMITER_WRONG: FILE has one column when split at ',': set its delimiter",
    );
    expect(await refused(GOOD, { ...LISTED, delimiter: '\t' })).toMatch(/split at tabs/);
  });

  test('an unknown column, one that is there twice, and a header that is a patient', async () => {
    expect(await refused(GOOD.replace('pain', 'Pain'))).toBe(
      'DATA_COLUMN_UNKNOWN: FILE has no column pain: it has age, Pain, num',
    );
    expect(await refused(GOOD, { ...LISTED, patientColumn: 'id' })).toMatch(/no column id/);
    expect(await refused('age,pain,num,age\n0,1,0,0\n')).toMatch(/^DATA_COLUMN_UNKNOWN: FILE has two columns age/);
    const headerless = await refused('63,1,Smith\n50,2,2\n');
    expect(headerless).toMatch(/no column age: it has 3 columns, some of them named like numbers/);
    expect(headerless).not.toContain('Smith');
  });

  test('a row of another width, and other names than columns', async () => {
    expect(await refused(GOOD.replace('50,2,2', '50,2,2,9'))).toBe(
      'DATA_ROW_WIDTH: line 3 of FILE has 4 values, 3 are expected',
    );
    expect(await refused(GOOD, { ...LISTED, columns: ['age', 'pain'] })).toMatch(/^DATA_ROW_WIDTH: line 1 of FILE/);
  });

  test.each(['fifty', '1e', '0x10', '50,5', 'Infinity', 'NaN', '5 0', '--5'])('text in a number: %s', async (text) => {
    const message = await refused(GOOD.replaceAll(',', ';').replace('50', text), { ...LISTED, delimiter: ';' });
    expect(message).toBe('DATA_NOT_A_NUMBER: line 3 of FILE: column age is not a number');
  });

  test('a number out of range, with the range and how many more rows do not fit', async () => {
    expect(await refused(GOOD.replace('50', '100.5'))).toBe(
      'DATA_OUT_OF_RANGE: line 3 of FILE: column age is outside 0 to 100',
    );
    const all = GOOD.replace('50', '-2').replace('100', '1000').replace('25,1.0,0', '25,9,0');
    expect(await refused(all)).toMatch(
      /^DATA_OUT_OF_RANGE: line 3 .* outside 0 to 100; 2 more rows do not fit either$/,
    );
  });

  test('an unknown level, and a label that is no number', async () => {
    expect(await refused(GOOD.replace('none', 'some'))).toBe(
      'DATA_LEVEL_UNKNOWN: line 4 of FILE: column pain is none of the declared levels',
    );
    expect(await refused(GOOD.replace('50,2,2', '50,2,yes'))).toMatch(/^DATA_NOT_A_NUMBER: line 3 .* column num/);
  });

  test('a misfit even where another value of the row is missing', async () => {
    expect(await refused(GOOD.replace('50,2,2', ',9,2'))).toMatch(/^DATA_LEVEL_UNKNOWN: line 3/);
  });

  test('no usable row, or none for training', async () => {
    expect(await refused('age,pain,num\n,1,0\n,1,?\n', { split: { trainLines: '2', testLines: '3' } })).toBe(
      'DATA_NO_USABLE_ROW: no row of FILE is usable for study heart: 2 rows (age missing in 2, num missing in 1) were dropped',
    );
    expect(await refused('age,pain,num\n,1,0\n5,1,1\n', { split: { trainLines: '2', testLines: '3' } })).toMatch(
      /^DATA_SPLIT_INVALID: .*no usable row is left for training: 1 row \(age missing in 1\)/,
    );
  });

  test('quotation marks that do not pair, and a row without an end', async () => {
    expect(await refused(GOOD.replace('50', '"50'))).toBe(
      'DATA_ROW_WIDTH: line 3 of FILE cannot be split into values: its quotation marks do not pair',
    );
    expect(await refused(`${GOOD}${'9'.repeat(RECORD_BYTES_MAX + 1)},1,0\n`)).toMatch(
      /^DATA_TOO_LARGE: FILE has a row of more than 1048576 bytes from line 6 on/,
    );
  });
});

test('reading stops when it is called off', async () => {
  const file = join(folder, 'aborted.csv');
  await writeFile(file, GOOD);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(
    new CsvHospitalRows({ file, ...LISTED }).read(StudyProtocol.parse(PROTOCOL), { signal }),
  ).rejects.toMatchObject({ name: 'AbortError' });
});
