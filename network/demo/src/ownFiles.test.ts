import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { featureNames, Msp, resolveHospitals, StudyProtocol, Topology } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { demoStudy } from './studyFile.js';

const TEXT = readFileSync(new URL('../example/README.md', import.meta.url), 'utf8');
const [topologyText, studyText] = [...TEXT.matchAll(/```json\n(.*?)```/gs)].map((block) => block[1] as string);

describe('the example of own files', () => {
  test('its topology is one', () => {
    const hospitals = resolveHospitals(Topology.parse(JSON.parse(topologyText ?? '')));
    expect(hospitals.map(({ msp }) => msp)).toEqual(['NorthMSP', 'SouthMSP']);
  });

  test('its study becomes a protocol between those hospitals', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'consilium-example-'));
    try {
      const study = join(folder, 'study.json');
      await writeFile(study, studyText ?? '');
      const members = ['SouthMSP', 'NorthMSP'].map((msp) => Msp.parse(msp));
      const { protocol } = await demoStudy({ study, seed: 7, members });
      expect(StudyProtocol.parse(protocol)).toMatchObject({ members: ['NorthMSP', 'SouthMSP'], seed: 7, mode: 'open' });
      expect(featureNames(protocol.columns)).toEqual(['age', 'creatinine', 'sex=male', 'ward=2', 'ward=3']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
