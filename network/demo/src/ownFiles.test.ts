import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  featureNames,
  Msp,
  requireSoundProtocol,
  requireTrueTable,
  resolveHospitals,
  StudyProtocol,
  Topology,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { HEART_HOSPITALS } from './heart/heartHospitals.js';
import { demoStudy } from './studyFile.js';

const TEXT = readFileSync(new URL('../example/README.md', import.meta.url), 'utf8');
const [topologyText, studyText, privateText] = [...TEXT.matchAll(/```json\n(.*?)```/gs)].map(
  (block) => block[1] as string,
);

describe('the example of own files', () => {
  test('its topology is one', () => {
    const hospitals = resolveHospitals(Topology.parse(JSON.parse(topologyText ?? '')));
    expect(hospitals.map(({ msp }) => msp)).toEqual(['NorthMSP', 'SouthMSP']);
  });

  const MEMBERS = ['SouthMSP', 'NorthMSP'].map((msp) => Msp.parse(msp));

  async function studyOf(text: string, wish: Partial<Parameters<typeof demoStudy>[0]> = {}): Promise<StudyProtocol> {
    const folder = await mkdtemp(join(tmpdir(), 'consilium-example-'));
    try {
      const study = join(folder, 'study.json');
      await writeFile(study, text);
      return (await demoStudy({ study, seed: 7, members: MEMBERS, ...wish })).protocol;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  test('its study becomes a protocol between those hospitals', async () => {
    const protocol = await studyOf(studyText ?? '');
    expect(StudyProtocol.parse(protocol)).toMatchObject({ members: ['NorthMSP', 'SouthMSP'], seed: 7, mode: 'open' });
    expect(featureNames(protocol.columns)).toEqual(['age', 'creatinine', 'sex=male', 'ward=2', 'ward=3']);
  });

  test('its private study becomes a protocol with the noise and the table that its epsilon takes', async () => {
    const protocol = await studyOf(privateText ?? '');
    expect(() => requireSoundProtocol(protocol)).not.toThrow();
    expect(() => requireTrueTable(protocol)).not.toThrow();
    expect(protocol.privacy).toMatchObject({ budgetMicroEpsilon: 1_000_000, delta: 1e-5 });
    // More rounds for the same epsilon take more noise.
    const longer = await studyOf(privateText ?? '', { rounds: 30 });
    expect(longer.privacy?.noiseMultiplier).toBeGreaterThan(protocol.privacy?.noiseMultiplier as number);
  });

  test('a private section with its noise and table is taken as it is', async () => {
    const { privacy } = await studyOf(privateText ?? '');
    const protocol = await studyOf(JSON.stringify({ ...JSON.parse(privateText ?? ''), privacy }));
    expect(protocol.privacy).toEqual(privacy);
  });

  test('an epsilon on the command line is for the heart study, with all its training rows', async () => {
    await expect(studyOf(studyText ?? '', { epsilon: 1 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const heart = { seed: 7, members: HEART_HOSPITALS.map(({ msp }) => Msp.parse(msp)), epsilon: 1 };
    await expect(demoStudy({ ...heart, trainingShare: 0.5 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const { protocol } = await demoStudy(heart);
    expect(protocol).toMatchObject({
      mode: 'private',
      seed: 7,
      privacy: { budgetMicroEpsilon: 1_000_000, delta: 1e-5 },
    });
  });
});
