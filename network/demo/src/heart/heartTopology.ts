/** The network of the demo: four hospitals, each with its own file and lines. */
import { Topology } from '@consilium/domain';
import { HEART_COLUMNS, HEART_HOSPITALS, type HeartKey } from './heartHospitals.js';
import { readHeartSplit } from './heartSplit.js';

/** @param files absolute paths of the four files */
export async function heartTopology(files: Readonly<Record<HeartKey, string>>): Promise<Topology> {
  const split = await readHeartSplit();
  return Topology.parse({
    name: 'Heart disease, four hospitals',
    hospitals: HEART_HOSPITALS.map(({ key, name, msp }) => ({
      name,
      msp,
      data: { file: files[key], columns: [...HEART_COLUMNS], split: split[key] },
    })),
  });
}
