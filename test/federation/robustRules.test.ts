import { VerificationReport } from '@consilium/client';
import { CLIP_NORM } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { readSafetensors } from '../../gateway/src/learning/safetensors.js';
import { Federation } from './support/federation.js';
import type { Hospital } from './support/hospital.js';
import { smallStudy } from './support/smallStudy.js';

jest.setTimeout(240_000);

const [MEDIAN, MEAN] = ['median', 'mean'];

let federation: Federation;
let first: Hospital;
let poisoner: Hospital;

// In both studies the fourth hospital sends a thousand times its update, under a negative weight.
beforeAll(async () => {
  federation = await Federation.start(['Alder', 'Birch', 'Cedar', 'Dogwood']);
  first = federation.hospital(0);
  poisoner = federation.hospital(3);
  await federation.tamper(poisoner, { floods: { [MEDIAN]: [2, 3], [MEAN]: [2] } });
  const protocol = (title: string, rule: string) =>
    smallStudy(federation.msps, { title, aggregation: { rule }, trainingRounds: title === MEAN ? 3 : 2 });
  await federation.begin(MEDIAN, protocol(MEDIAN, 'coordinate-median'));
  await federation.begin(MEAN, protocol(MEAN, 'weighted-mean'));
});

afterAll(async () => federation?.stop());

async function weights(study: string, version: number): Promise<number[]> {
  const tensors = readSafetensors(await first.researcher.modelFile(study, version));
  return [...tensors].flatMap(([name, { values }]) => (name.startsWith('output/') ? [...values] : []));
}

/** L2 norm of what a version changed. */
async function move(study: string, version: number): Promise<number> {
  const [before, after] = await Promise.all([weights(study, version - 1), weights(study, version)]);
  return Math.hypot(...after.map((value, i) => value - (before[i] as number)));
}

describe('a study by coordinate median that one hospital poisons', () => {
  test('goes on to its end with versions that are accepted, attested by all four', async () => {
    await first.untilStage(MEDIAN, 'ended');
    const models = await first.researcher.all((page) => first.researcher.models(MEDIAN, page));
    expect(models.map(({ status }) => status)).toEqual(Array(5).fill('accepted'));
    const rounds = await first.researcher.all((page) => first.researcher.rounds(MEDIAN, page));
    expect(rounds.map(({ attestations }) => attestations)).toEqual(Array(5).fill(4));
    for (const version of [2, 3]) expect(await move(MEDIAN, version)).toBeLessThan(Math.SQRT2 * CLIP_NORM);
  });

  test('is verified at every hospital, and shows what was sent: nobody is left out unsaid', async () => {
    for (const { researcher } of [first, poisoner]) {
      const report = await researcher.jobResult(VerificationReport, await researcher.verifyRound(MEDIAN, 3));
      expect(report).toMatchObject({ ok: true, independent: { ran: true, holds: true } });
      expect(report.scores?.map(({ msp }) => msp)).toEqual(federation.msps);
      const [own, others] = [report.scores?.at(-1), report.scores?.slice(0, 3) ?? []];
      expect(own).toMatchObject({ msp: poisoner.msp, weightSent: -1, weight: 1 });
      expect(own?.clipFactor).toBeLessThan(1);
      for (const { clipFactor, weight, weightSent, distance } of others) {
        expect([clipFactor, weight]).toEqual([1, weightSent]);
        expect(distance).toBeLessThan(own?.distance as number);
      }
    }
  });
});

test('by weighted mean the same poison makes a version that the next round rejects', async () => {
  await first.untilStage(MEAN, 'ended');
  const { status } = await first.researcher.model(MEAN, 2);
  expect(status).toBe('rejected');
  expect(await move(MEAN, 2)).toBeGreaterThan(2 * CLIP_NORM);
});
