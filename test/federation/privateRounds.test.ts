/** Private rounds on a real network: the same model as in the open, whoever vanishes when, and nothing left to open it with. */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { VerificationReport } from '@consilium/client';
import { canonicalJson, type Msp, privacyWithin, revealedShares, sha256Hex, tenDigits } from '@consilium/domain';
import { Home } from '@consilium/network/home';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { readArchive } from '../../chaincode/verifier/src/pack/archive.js';
import type { Report } from '../../chaincode/verifier/src/pack/report.js';
import { verifyPack } from '../../chaincode/verifier/src/verifyPack.js';
import { lengthField } from '../../chaincode/verifier/src/wire/message.js';
import { shareSealing } from '../../gateway/src/privacy/shareSealing.js';
import { repack, unpack } from '../network/support/forging.js';
import { testAuthority, testCertificate } from '../support/testCertificates.js';
import { DiskThief } from './support/diskThief.js';
import { eventually } from './support/eventually.js';
import { Federation } from './support/federation.js';
import type { Hospital } from './support/hospital.js';
import { SLOW_TRAINING, smallStudy } from './support/smallStudy.js';

jest.setTimeout(240_000);

const ROOT = resolve(import.meta.dirname, '../..');
const CONSILIUM = 'gateway/cli/bin/consilium.mjs';
const CONSILIUM_VERIFY = 'chaincode/verifier/bin/consilium-verify.mjs';
/** Every so many bytes of a bundle a bit is flipped. */
const FLIP_STEP_BYTES = 509;
/** Fabric's code of a transaction that another had overtaken. */
const MVCC_READ_CONFLICT = 11;
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
  await Promise.all([
    federation.begin('open', smallStudy(federation.msps)),
    federation.begin('private', smallStudy(federation.msps, { mode: 'private' })),
  ]);
  await Promise.all(['open', 'private'].map((study) => first.untilStage(study, 'ended')));
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
  expect(report).toMatchObject({ ok: true, independent: { ran: true, holds: true, failures: [] } });
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
  await Promise.all(['noised', 'noised-again'].map((study) => federation.begin(study, protocol)));
  for (const study of ['noised', 'noised-again']) {
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
  const { studies, total } = await first.researcher.privacySpending();
  expect(studies.map(({ study }) => study)).toEqual(['noised', 'noised-again']);
  expect(total.microEpsilon).toBe(2 * (protocol.privacy.spentMicroEpsilonAfterRound[1] as number));
});

test('once a study is over, nobody keeps a secret of it', async () => {
  await eventually('all secrets of the study gone', () =>
    federation.hospitals.every((hospital) => secretFiles(hospital, 'private').length === 0),
  );
});

describe('a bundle of a round', () => {
  const bundleOf = async (hospital: Hospital, study: string, round: number) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of hospital.as('auditor').roundBundle(study, round)) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const told = ({ failures }: Report) => failures.map(({ where, why }) => `${where}: ${why}`).join('\n');
  let genesis: string;
  let bundle: Buffer;

  beforeAll(async () => {
    // As another hospital says it.
    const { independent } = await last.researcher.jobResult(
      VerificationReport,
      await last.researcher.verifyRound('private', 0),
    );
    genesis = (independent.ran && independent.genesis) || '';
    bundle = await bundleOf(first, 'private', 2);
  });

  test.each(['open', 'private'])(
    'of every kind holds in %s mode, and is computed again from nothing else',
    async (study) => {
      const kinds = new Set<string>();
      for (const { round, kind, modelDigest } of await first.rounds(study)) {
        const report = verifyPack(await bundleOf(first, study, round), genesis);
        expect(told(report)).toBe('');
        expect(report.about.join('\n')).toContain(`version, computed here: ${modelDigest}`);
        kinds.add(kind);
      }
      expect([...kinds].sort()).toEqual(['evaluation', 'initial', 'statistics', 'training']);
    },
  );

  test('is written by the command line, and checked by another program against a genesis', () => {
    const file = join(last.folder, 'round.evidence');
    const run = (command: string, ...args: string[]) =>
      spawnSync(process.execPath, [join(ROOT, command), ...args], { encoding: 'utf8' });
    const home = dirname(dirname(last.folder));
    const asked = ['--home', home, '--hospital', last.name, '--as', 'auditor'];
    const verified = run(CONSILIUM, ...asked, 'verify', '--study', 'private', '--round', '2', '--bundle', file);
    expect(verified.stderr).toBe('');
    expect(verified.stdout).toMatch(/ok {6}sum: [0-9a-f]{64}/);
    expect(verified.stdout).toContain('The round is what the hospitals attested.');
    expect(verified.stdout).toContain('took the masks off the sum');
    expect(verified.status).toBe(0);
    const checked = run(CONSILIUM_VERIFY, file, '--genesis', genesis);
    expect(checked.stdout).toContain('THE PACK HOLDS.');
    expect(checked.stdout).toMatch(/Masks: 3 holders opened shares/);
    expect(checked.status).toBe(0);
    expect(run(CONSILIUM_VERIFY, file, '--genesis', 'ab'.repeat(32)).status).toBe(1);
  });

  test('holds nothing of a patient', () => {
    const [, ...rows] = readFileSync(first.file, 'utf8').trim().split('\n');
    for (const row of rows) expect(bundle.includes(row.split(',')[0] as string)).toBe(false);
  });

  test('with a bit flipped is found, and the place is named', () => {
    const names = [...unpack(bundle).keys()];
    const places = new Set<string>();
    for (let at = 0; at < bundle.length; at += FLIP_STEP_BYTES) {
      const changed = Buffer.from(bundle);
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      try {
        const { altered } = readArchive(changed);
        expect(altered).toHaveLength(1);
        places.add(altered[0] as string);
      } catch (error) {
        expect((error as Error).message).toMatch(/^(first line|second line|manifest): /);
      }
    }
    // Whatever is long enough to be met.
    const long = names.filter((name) => (unpack(bundle).get(name)?.length ?? 0) >= FLIP_STEP_BYTES);
    expect([...places]).toEqual(expect.arrayContaining(long));
    const last = Buffer.from(bundle);
    last[bundle.length - 1] = (last[bundle.length - 1] as number) ^ 1;
    expect(told(verifyPack(last, genesis))).toContain('signature: ');
  });

  describe('that its maker changed and signed again', () => {
    const found = async (change: (entries: Map<string, Buffer>) => void) => {
      const entries = unpack(bundle);
      change(entries);
      const { certificate, key } = new Home(federation.network.home).hospital(first.msp).person('auditor');
      const auditor = {
        msp: first.msp,
        certificate: readFileSync(certificate, 'utf8'),
        key: readFileSync(key, 'utf8'),
      };
      return told(verifyPack(await repack(entries, auditor), genesis));
    };
    const blockOf = (entries: Map<string, Buffer>) => {
      const places: { block: number }[] = JSON.parse(entries.get('authors.json')?.toString() ?? '[]');
      return Math.max(...places.map(({ block }) => block));
    };

    test('without a block is not the round', async () => {
      let block = 0;
      const why = await found((entries) => {
        block = blockOf(entries);
        entries.delete(`blocks/${tenDigits(block)}`);
      });
      expect(why).toMatch(new RegExp(`^transaction \\w+: block ${block} has no seal`, 'm'));
    });

    test('with a transaction that peers found invalid is not either', async () => {
      const why = await found((entries) => {
        const name = `blocks/${tenDigits(blockOf(entries))}`;
        const block = Buffer.from(entries.get(name) as Buffer);
        // A block in a pack ends with its peers' verdicts: here that of its last transaction.
        block[block.length - 1] = MVCC_READ_CONFLICT;
        entries.set(name, block);
      });
      expect(why).toContain(`peers found it invalid (code ${MVCC_READ_CONFLICT}): it changed nothing`);
    });

    test('with an endorsement under a certificate that no hospital issued is not either', async () => {
      const stranger = await testCertificate(await testAuthority('Stranger'), { organisation: last.msp });
      const why = await found((entries) => {
        const answer = JSON.parse(entries.get('answers/0000000000.json')?.toString() ?? 'null');
        const identity = [lengthField(1, Buffer.from(last.msp)), lengthField(2, Buffer.from(stranger.certPem))];
        answer.endorsements[0].endorser = Buffer.concat(identity).toString('base64');
        entries.set('answers/0000000000.json', Buffer.from(canonicalJson(answer)));
      });
      expect(why).toContain(`no authority of ${last.msp} issued the certificate`);
    });

    test('with other bytes of a vector is not either', async () => {
      const why = await found((entries) => {
        const [name] = [...entries.keys()].filter((each) => each.startsWith('files/')) as [string];
        const bytes = Buffer.from(entries.get(name) as Buffer);
        bytes[0] = (bytes[0] as number) ^ 1;
        entries.set(name, bytes);
      });
      expect(why).toMatch(/^files\/\w+: its SHA-256 is /m);
    });
  });
});

describe('while a private study runs', () => {
  const STUDY = 'going';

  test('one vanishes after joining and one after contributing: the round completes exactly, by the others', async () => {
    const vanished = federation.hospital(2);
    const joined = first.untilWritten(STUDY, (key) => key === `join~${STUDY}~${tenDigits(2)}~${vanished.msp}`);
    const protocol = smallStudy(federation.msps, {
      mode: 'private',
      training: SLOW_TRAINING,
      trainingRounds: 4,
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
    // Its database and the log beside it are what a backup holds.
    const stolenNow = () =>
      filesBelow(folder)
        .filter((file) => statSync(file).size < 64 * 2 ** 20)
        .map((file) => readFileSync(file));
    const over = (await first.rounds(STUDY)).filter(({ round }) => round <= settled.round);
    expect(over.some(({ joins }) => Object.keys(joins).length > 0)).toBe(true);
    const stolen = await eventually('nothing on the disk that opens a round that is over', async () => {
      const files = stolenNow();
      return new DiskThief(files).opens(over).length === 0 && files;
    });
    // It would find them: had the disk kept what a hospital masked with, as bytes or as text, and a key of a box.
    const [selfMask, maskKey] = [randomBytes(32), shareSealing.newShareKey()];
    const keys = { selfMaskHash: createHash('sha256').update(selfMask).digest('base64'), maskKey: maskKey.publicKey };
    const pinned = { msp: last.msp, index: 0, hash: sha256Hex(maskKey.publicKey) };
    const planted = [{ round: 1, opened: { shareKeys: [pinned] }, joins: { [last.msp]: { keys } } }];
    expect(new DiskThief([...stolen, selfMask, Buffer.from(maskKey.privateKey)]).opens(planted)).toHaveLength(3);
    const text = Buffer.from(JSON.stringify({ selfMask: selfMask.toString('base64') }));
    expect(new DiskThief([...stolen, text]).opens(planted)).toHaveLength(1);
  });

  test('the study comes to its end', async () => {
    await first.untilStage(STUDY, 'ended', 200_000);
    expect((await first.study(STUDY)).progress.ended).toBe('evaluated');
  });
});
