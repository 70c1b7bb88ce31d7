/** Private rounds on a real network: the same model as in the open, whoever vanishes when, and nothing left to open it with. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VerificationReport } from '@consilium/client';
import { type Msp, privacyWithin, revealedShares, tenDigits } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { shareSealing } from '../../gateway/src/privacy/shareSealing.js';
import { eventually } from './support/eventually.js';
import { Federation } from './support/federation.js';
import type { Hospital } from './support/hospital.js';
import { SLOW_TRAINING, smallStudy } from './support/smallStudy.js';

jest.setTimeout(240_000);

const DEADLINES = { joinMs: 20_000, contributeMs: 20_000, finishMs: 3_600_000 };
let federation: Federation;
let first: Hospital;
let last: Hospital;

beforeAll(async () => {
  federation = await Federation.start(['Alder', 'Birch', 'Cedar', 'Dogwood']);
  first = federation.hospital(0);
  last = federation.hospital(3);
});

afterAll(async () => federation?.stop());

const secretsFolder = (hospital: Hospital, study: string) =>
  join(hospital.folder, 'gateway', 'home', 'secrets', 'rounds', study);
const secretFiles = (hospital: Hospital, study: string) => {
  try {
    return readdirSync(secretsFolder(hospital, study)).sort();
  } catch {
    return [];
  }
};

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** All outcomes of a study that were agreed on, round by round. */
async function digests(study: string): Promise<(string | null)[]> {
  return (await first.rounds(study)).map(({ modelDigest }) => modelDigest);
}

test('a private study makes the same models as the open one under the same seed, with no invalid transaction', async () => {
  const before = await federation.invalidTransactions();
  await federation.begin('open', smallStudy(federation.msps));
  await first.untilStage('open', 'ended');
  await federation.begin('private', smallStudy(federation.msps, { mode: 'private' }));
  await first.untilStage('private', 'ended');
  expect(await digests('private')).toEqual(await digests('open'));
  expect(await federation.invalidTransactions()).toBe(before);
  const trained = await first.round('private', 2);
  expect(trained).toMatchObject({ stage: 'agreed', survivors: federation.msps });
  // t holders opened, and no more were needed.
  expect(Object.keys(trained.reveals)).toHaveLength(3);
  const sums = await Promise.all(['open', 'private'].map(async (study) => (await first.round(study, 2)).attested));
  const sumOf = (attested: (typeof sums)[number]) => {
    const outcome = attested?.[first.msp]?.outcome;
    return outcome?.kind === 'version' ? outcome.sumDigest : undefined;
  };
  expect(sumOf(sums[1]!)).toBeDefined();
  const report = await last.researcher.jobResult(VerificationReport, await last.researcher.verifyRound('private', 2));
  expect(report).toMatchObject({ ok: true });
});

test('with differential privacy, too: each round is paid for on the channel, and no seed gives the same again', async () => {
  const declaredPatients = Object.fromEntries(federation.msps.map((msp) => [msp, 190]));
  const wish = { epsilon: 2, delta: 1e-5, samplingRate: 0.5, patientClipNorm: 1, declaredPatients };
  const settings = {
    mode: 'private',
    metrics: 'final',
    standardisation: 'declared-ranges',
    split: { kind: 'listed' },
    validationShare: 0,
    personalTensors: ['output/bias'],
    averageFrom: 1,
  };
  const small = smallStudy(federation.msps, settings);
  const protocol = { ...small, privacy: privacyWithin(wish, small) };
  const before = await federation.invalidTransactions();
  for (const study of ['noised', 'noised-again']) {
    await federation.begin(study, protocol);
    await first.untilStage(study, 'ended');
    expect(await first.study(study)).toMatchObject({ progress: { ended: 'evaluated', trainingRecorded: 2 } });
    const { spentMicroEpsilonAfterRound: table } = protocol.privacy;
    const spent = { protocolVersion: 1, joins: 2, microEpsilon: table[1] };
    expect((await first.study(study)).spent).toMatchObject(federation.msps.map((msp) => ({ ...spent, msp })));
    // The sum is exact and attested by all, whatever noise went into it.
    expect((await first.round(study, 2)).stage).toBe('agreed');
    const report = await last.researcher.jobResult(VerificationReport, await last.researcher.verifyRound(study, 2));
    expect(report).toMatchObject({ ok: true });
  }
  const [one, other] = [await digests('noised'), await digests('noised-again')];
  expect(one[0]).toBe(other[0]);
  expect(one[1]).not.toBe(other[1]);
  expect(await federation.invalidTransactions()).toBe(before);
  const { studies, total } = await first.researcher.privacySpending();
  expect(studies.map(({ study }) => study)).toEqual(['noised', 'noised-again']);
  expect(total.microEpsilon).toBe(2 * (protocol.privacy.spentMicroEpsilonAfterRound[1] as number));
});

test('what stands on the channel of a round stays small', async () => {
  const round = await first.round('private', 2);
  const own = (facts: Readonly<Record<string, unknown>>) => JSON.stringify(facts[last.msp] ?? {}).length;
  const bytes = own(round.joins) + own(round.contributions) + own(round.reveals) + own(round.attested);
  expect(bytes).toBeLessThan(4_096);
});

test('once a study is over, nobody keeps a secret of it', async () => {
  await eventually('all secrets of the study gone', () =>
    federation.hospitals.every((hospital) => secretFiles(hospital, 'private').length === 0),
  );
});

describe('while a private study runs', () => {
  const STUDY = 'going';

  test('one vanishes after joining and one after contributing: the round completes exactly, by the others', async () => {
    const vanished = federation.hospital(2);
    const joined = first.untilWritten(STUDY, (key) => key === `join~${STUDY}~${tenDigits(2)}~${vanished.msp}`);
    const protocol = smallStudy(federation.msps, {
      mode: 'private',
      training: SLOW_TRAINING,
      trainingRounds: 6,
      deadlines: DEADLINES,
    });
    await federation.begin(STUDY, protocol);
    await joined;
    await federation.network.kill(vanished.msp, 'gateway', { stayDown: true });
    const round = await first.untilRound(STUDY, 2, ({ stage }) => stage === 'agreed', 120_000);
    const survivors = federation.msps.filter((msp) => msp !== vanished.msp);
    expect(round).toMatchObject({ roster: federation.msps, survivors });
    const told = Object.values(round.reveals).flatMap((reveal) =>
      revealedShares(round.opened, survivors as Msp[], reveal).map(({ of, kind }) => `${of} ${kind}`),
    );
    expect(new Set(told)).toEqual(new Set([...survivors.map((msp) => `${msp} selfMask`), `${vanished.msp} maskKey`]));
    const second = federation.hospital(1).researcher;
    const report = await second.jobResult(VerificationReport, await second.verifyRound(STUDY, 2));
    expect(report.ok).toBe(true);
    await federation.network.startPart(vanished.msp, 'gateway');
  });

  test('a hospital that lost its secrets registers another share key, and takes part again by itself', async () => {
    await federation.network.stopPart(last.msp, 'gateway');
    rmSync(secretsFolder(last, STUDY), { recursive: true, force: true });
    await federation.network.startPart(last.msp, 'gateway');
    const round = await eventually(
      'a later round with it',
      async () => {
        const rounds = await first.rounds(STUDY);
        return rounds.find(
          ({ round: n, stage, survivors }) => n > 3 && stage === 'agreed' && survivors?.includes(last.msp as Msp),
        );
      },
      180_000,
    );
    expect(round.survivors).toContain(last.msp);
  });

  test('a whole disk and its backup, taken after a round, open nothing of the rounds before', async () => {
    const settled = await eventually('a settled round of all', async () => {
      const rounds = await first.rounds(STUDY);
      const newest = rounds.at(-1);
      return (
        newest && rounds.filter(({ round, stage }) => stage === 'agreed' && round < newest.round && round > 0).at(-1)
      );
    });
    const folder = join(last.folder, 'gateway', 'home');
    const stolen = filesBelow(folder)
      .filter((file) => statSync(file).size < 64 * 2 ** 20)
      .map((file) => ({ file, bytes: readFileSync(file) }));
    // Every key on the disk is tried on every box that was ever sealed to this hospital in a settled round.
    const keys = stolen
      .filter(({ file }) => file.endsWith('.key') && file.includes('share-'))
      .map(({ bytes }) => bytes);
    const rounds = (await first.rounds(STUDY)).filter(({ round }) => round <= settled.round);
    let tried = 0;
    for (const { round, joins, opened } of rounds) {
      const position = opened.shareKeys?.findIndex(({ msp }) => msp === last.msp) ?? -1;
      for (const [dealer, join] of Object.entries(joins)) {
        if (!join?.keys || position < 0) continue;
        for (const privateKey of keys) {
          tried += 1;
          const place = { channel: 'consilium', study: STUDY as never, round, dealer: dealer as Msp };
          const holder = { msp: last.msp, position, privateKey: Uint8Array.from(privateKey) };
          expect(await shareSealing.open(place, holder, join.keys)).toBeUndefined();
        }
      }
    }
    expect(tried).toBeGreaterThan(0);
    // Nor is a self mask or a mask key of its own there, under which what it masked would lie open.
    const dealt = stolen.filter(({ file, bytes }) => file.endsWith('.secret') && bytes[0] === 0x44);
    for (const { file } of dealt) expect(Number(/round-(\d+)/.exec(file)?.[1])).toBeGreaterThan(settled.round);
  });

  test('the study comes to its end', async () => {
    await first.untilStage(STUDY, 'ended', 200_000);
    expect((await first.study(STUDY)).progress.ended).toBe('evaluated');
  });
});
