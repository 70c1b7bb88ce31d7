import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { tenDigits } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually } from './support/eventually.js';
import { Federation } from './support/federation.js';
import type { Hospital } from './support/hospital.js';
import { SLOW_TRAINING, smallStudy } from './support/smallStudy.js';

jest.setTimeout(300_000);

let federation: Federation;
let first: Hospital;
let victim: Hospital;

beforeAll(async () => {
  federation = await Federation.start(['Alder', 'Birch', 'Cedar', 'Dogwood']);
  first = federation.hospital(0);
  victim = federation.hospital(3);
});

afterAll(async () => federation?.stop());

const keyOf = (fact: string, study: string, round: number, msp?: string) =>
  [fact, study, tenDigits(round), ...(msp ? [msp] : [])].join('~');

/** Ends a gateway as `kill -9` would, and has it back at once. */
async function killAndStart(hospital: Hospital): Promise<void> {
  await federation.network.kill(hospital.msp, 'gateway', { stayDown: true });
  await federation.network.startPart(hospital.msp, 'gateway');
}

/** Digests of all vectors and versions that a hospital has on its disk. */
function digestsOnDisk(hospital: Hospital): string[] {
  const files = readdirSync(join(hospital.folder, 'gateway', 'home', 'blobs'), {
    recursive: true,
    withFileTypes: true,
  });
  return files.filter((file) => file.isFile() && /^[0-9a-f]{64}$/.test(file.name)).map(({ name }) => name);
}

describe('a gateway killed in the middle of rounds', () => {
  const STUDY = 'gateway-kills';
  const KILLS = 5;

  test('after its join, during training, with its vector made, after its contribution, after its attestation', async () => {
    const written = (key: string) => first.untilWritten(STUDY, (found) => found === key);
    const afterJoin = written(keyOf('join', STUDY, 2, victim.msp));
    await federation.begin(STUDY, smallStudy(federation.msps, { trainingRounds: KILLS, training: SLOW_TRAINING }));

    await afterJoin;
    await federation.network.kill(victim.msp, 'gateway');
    expect(Object.keys((await first.round(STUDY, 2)).contributions)).not.toContain(victim.msp);
    await federation.network.untilReady(victim.msp, 'gateway');

    await first.untilRound(STUDY, 3, ({ joins }) => joins[victim.msp] !== undefined);
    await pause(200);
    await killAndStart(victim);
    expect((await first.round(STUDY, 3)).openedAt).toBeGreaterThan(0);

    await victim.untilAgent(
      STUDY,
      ({ round, step, event }) => round === 4 && step === 'makeVector' && event === 'step-finished',
    );
    await killAndStart(victim);

    await written(keyOf('contribution', STUDY, 5, victim.msp));
    await killAndStart(victim);

    await written(keyOf('attestation', STUDY, 6, victim.msp));
    await killAndStart(victim);

    const { progress } = await first.untilStage(STUDY, 'ended');
    expect(progress).toMatchObject({ ended: 'evaluated', trainingRecorded: KILLS, abortsInRow: 0 });
  });

  test('contributes and attests in every round all the same', async () => {
    const last = 2 + KILLS;
    await victim.untilRound(STUDY, last, ({ attestations }) => attestations === 4);
    const rounds = await first.rounds(STUDY);
    expect(rounds).toHaveLength(last + 1);
    for (const { survivors, disputes, closes, attested } of rounds.slice(1)) {
      expect(survivors).toEqual(federation.msps);
      expect({ disputes, closes }).toEqual({ disputes: [], closes: [] });
      expect(Object.keys(attested)).toHaveLength(4);
    }
  });

  test('never made a second vector: every hospital holds what was contributed and the versions, nothing else', async () => {
    const rounds = await first.rounds(STUDY);
    const vectors = rounds.flatMap(({ contributions }) =>
      Object.values(contributions).map(({ vectorDigest }) => vectorDigest),
    );
    const versions = rounds.map(({ modelDigest }) => modelDigest);
    const known = new Set<string | null>([...vectors, ...versions]);
    for (const hospital of federation.hospitals) {
      const digests = digestsOnDisk(hospital);
      expect(digests.length).toBeGreaterThan(rounds.length);
      expect(digests.filter((digest) => !known.has(digest))).toEqual([]);
    }
    expect(victim.log()).not.toMatch(/sat out|FACT_CHANGED/);
  });
});

describe('a gateway that lost its database and its files', () => {
  const STUDY = 'lost';

  test('reads the channel again, fetches what it needs from the others, and takes part in the round that waits for it', async () => {
    const key = keyOf('attestation', STUDY, 2, victim.msp);
    const attested = first.untilWritten(STUDY, (found) => found === key);
    await federation.begin(STUDY, smallStudy(federation.msps));
    await attested;
    await federation.network.kill(victim.msp, 'gateway', { stayDown: true });
    await first.untilRound(STUDY, 3, ({ joins }) => Object.keys(joins).length === 3);
    const home = join(victim.folder, 'gateway', 'home');
    for (const name of readdirSync(home)) if (name !== 'secrets') rmSync(join(home, name), { recursive: true });
    await federation.network.startPart(victim.msp, 'gateway');
    await first.untilStage(STUDY, 'ended');
    for (const { survivors, disputes } of (await first.rounds(STUDY)).slice(1))
      expect({ survivors, disputes }).toEqual({ survivors: federation.msps, disputes: [] });
    await victim.untilStage(STUDY, 'ended');
    const { digest } = await first.researcher.model(STUDY, 4);
    const file = await victim.researcher.modelFile(STUDY, 4);
    expect(createHash('sha256').update(file).digest('hex')).toBe(digest);
  });
});

describe('processes beside and below the gateways', () => {
  const STUDY = 'below';

  const restartsOf = (msp: string, part: string) =>
    federation.network.status().find(({ owner, name }) => owner === msp && name === part)!.restarts;

  /** Processes that a gateway has started: they train. */
  function trainingOf({ msp }: Hospital): number[] {
    const gateway = federation.network.status().find(({ owner, name }) => owner === msp && name === 'gateway')!;
    const { pid } = gateway.process!;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
    expect(children.every((child) => child > 0)).toBe(true);
    return children;
  }

  test('training, a chaincode and the channel are killed in rounds: they come back, and the study completes', async () => {
    const { network } = federation;
    await federation.begin(STUDY, smallStudy(federation.msps, { trainingRounds: 3, training: SLOW_TRAINING }));
    const restartsBefore = restartsOf(victim.msp, 'gateway');
    await first.untilRound(STUDY, 2, ({ joins }) => Object.keys(joins).length > 0);
    // Whoever is killed between two tasks is not missed: until it is one that was at work.
    await eventually('a training process that ended at work', () => {
      for (const pid of trainingOf(victim)) process.kill(pid, 'SIGKILL');
      return /the training process ended/.test(victim.log());
    });
    await network.kill(victim.msp, 'chaincode');
    await first.untilRound(STUDY, 3, ({ joins }) => Object.keys(joins).length > 0);
    await network.kill('channel', 'embedded');
    expect((await first.untilStage(STUDY, 'ended')).progress.ended).toBe('evaluated');
    for (const { survivors } of (await first.rounds(STUDY)).slice(1)) expect(survivors).toEqual(federation.msps);
    expect(restartsOf(victim.msp, 'gateway')).toBe(restartsBefore);
    const restarted = network.status().filter(({ name, restarts }) => name !== 'gateway' && restarts > 0);
    expect(restarted.map(({ owner, state, restarts }) => ({ owner, state, restarts }))).toEqual(
      expect.arrayContaining([
        { owner: 'channel', state: 'ready', restarts: 1 },
        { owner: victim.msp, state: 'ready', restarts: 1 },
      ]),
    );
    expect(restarted).toHaveLength(2);
  });
});
