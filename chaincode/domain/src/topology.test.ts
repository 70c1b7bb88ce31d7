import { describe, expect, test } from '@jest/globals';
import { resolveHospitals, Topology } from './topology.js';

const named = (...names: string[]) => names.map((name) => ({ name, data: { file: `${name}.csv` } }));

const messages = (candidate: unknown): string[] =>
  Topology.safeParse(candidate).error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];

describe('Topology', () => {
  test('derives MSP ids and slugs from names, and keeps those given', () => {
    const topology = Topology.parse({
      hospitals: [
        ...named('Cleveland', 'VA Long Beach', 'Hôpital Saint-Louis', 'Fourth Clinic'),
        { name: '北京', msp: 'BeijingMSP', slug: 'beijing', data: { file: 'b.csv' } },
      ],
    });
    expect(topology.channel).toBe('embedded');
    expect(resolveHospitals(topology).map(({ msp, slug }) => `${msp} ${slug}`)).toEqual([
      'ClevelandMSP cleveland',
      'VALongBeachMSP va-long-beach',
      'HopitalSaintLouisMSP hopital-saint-louis',
      'FourthClinicMSP fourth-clinic',
      'BeijingMSP beijing',
    ]);
  });

  test('refuses fewer than two hospitals and more than one machine runs', () => {
    expect(messages({ hospitals: named('Cleveland') })).toEqual([expect.stringContaining('at least 2 hospitals')]);
    const many = named(...Array.from({ length: 21 }, (_, index) => `Hospital ${index}`));
    expect(messages({ hospitals: many })).toEqual([expect.stringContaining('at most 20 hospitals')]);
  });

  test('refuses two hospitals of one name, of one MSP id, and of names that differ in case or accents alone', () => {
    expect(messages({ hospitals: named('Cleveland', 'Cleveland') })[0]).toMatch(/name 'Cleveland' is used twice/);
    expect(messages({ hospitals: named('Cleveland', 'cleveland') })[0]).toMatch(/is used twice/);
    expect(messages({ hospitals: named('Zürich', 'Zurich') })[0]).toMatch(/MSP id 'ZurichMSP' is used twice/);
    const sameMsp = named('A', 'B').map((hospital) => ({ ...hospital, msp: 'SharedMSP' }));
    expect(messages({ hospitals: sameMsp })[0]).toMatch(/MSP id 'SharedMSP' is used twice/);
  });

  test('refuses a name of which no MSP id can be made', () => {
    expect(messages({ hospitals: named('北京', 'Cleveland') })).toEqual([
      'hospitals.0.msp: no MSP id can be made of the name \'北京\': give one as "msp"',
    ]);
    expect(messages({ hospitals: named('1st Hospital', 'Cleveland') })[0]).toMatch(/no MSP id can be made/);
  });

  test('refuses a port used twice, a port out of range, a bad line list and an unknown field', () => {
    const [first, second] = named('Cleveland', 'Hungary');
    const ports = {
      hospitals: [
        { ...first, ports: { api: 9000 } },
        { ...second, ports: { peer: 9000 } },
      ],
    };
    expect(messages(ports)[0]).toMatch(/port '9000' is used twice/);
    expect(messages({ hospitals: [{ ...first, ports: { api: 70_000 } }, second] })).toHaveLength(1);
    const split = { trainLines: '1,2,5-9', testLines: '3;4' };
    expect(messages({ hospitals: [{ name: 'A', data: { file: 'a.csv', split } }, second] })[0]).toMatch(/testLines/);
    expect(messages({ hospitals: [{ ...first, colour: 'red' }, second] })).toHaveLength(1);
  });
});
