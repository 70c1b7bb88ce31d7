import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readTopology } from './topologyFile.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'topology-'));
  writeFileSync(join(folder, 'a.csv'), '1,2\n');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(topology: unknown): ReturnType<typeof readTopology> {
  const file = join(folder, 'topology.json');
  writeFileSync(file, typeof topology === 'string' ? topology : JSON.stringify(topology));
  return readTopology(file);
}

const named = (...names: string[]) => ({ hospitals: names.map((name) => ({ name, data: { file: 'a.csv' } })) });

describe('readTopology', () => {
  test('finds data files beside the topology file', () => {
    const plan = read(named('Cleveland', 'Hungary'));
    expect(plan.channel).toBe('embedded');
    expect(plan.hospitals.map(({ msp, data }) => [msp, data.file])).toEqual([
      ['ClevelandMSP', join(folder, 'a.csv')],
      ['HungaryMSP', join(folder, 'a.csv')],
    ]);
  });

  test('refuses one hospital, two of one name or MSP id, and a topology that is none', () => {
    expect(() => read(named('Cleveland'))).toThrow(
      'TOPOLOGY_TOO_FEW: a federation has two hospitals at least, this topology has 1',
    );
    expect(() => read(named('Cleveland', 'Cleveland'))).toThrow(
      'TOPOLOGY_DUPLICATE: two hospitals are called Cleveland',
    );
    expect(() => read(named('Zurich', 'Zürich'))).toThrow('TOPOLOGY_DUPLICATE: two hospitals are called ZurichMSP');
    expect(() => read({ hospitals: 'four' })).toThrow(/^TOPOLOGY_INVALID: hospitals: /);
    expect(() => read('{')).toThrow(/^TOPOLOGY_INVALID: .*topology\.json/);
    expect(() => readTopology(join(folder, 'nowhere.json'))).toThrow(/^TOPOLOGY_INVALID: .*no such file/);
  });

  test('refuses a data file that cannot be read, naming it', () => {
    const topology = {
      hospitals: [
        { name: 'A', data: { file: 'b.csv' } },
        { name: 'B', data: { file: 'a.csv' } },
      ],
    };
    expect(() => read(topology)).toThrow(`DATA_FILE_MISSING: the file ${join(folder, 'b.csv')} cannot be read`);
  });

  test('names at most five problems', () => {
    const hospitals = Array.from({ length: 8 }, () => ({ name: '', data: { file: 'a.csv' } }));
    expect(() => read({ hospitals })).toThrow(/^TOPOLOGY_INVALID: hospitals\.0\.name: .*and \d+ more$/);
  });
});
