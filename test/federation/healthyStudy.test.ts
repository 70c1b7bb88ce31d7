import { createHash } from 'node:crypto';
import { VerificationReport } from '@consilium/client';
import { majority, roundSeconds } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually } from './support/eventually.js';
import { Federation } from './support/federation.js';
import { PeerClient } from './support/peerClient.js';
import { smallStudy } from './support/smallStudy.js';

jest.setTimeout(240_000);

let federation: Federation;

beforeAll(async () => {
  federation = await Federation.start(['Alder', 'Birch', 'Cedar', 'Dogwood']);
});

afterAll(async () => federation?.stop());

// One study that all four hospitals take part in from beginning to end; the tests look at what it left behind.
describe('a healthy study', () => {
  const STUDY = 'healthy';
  const protocolOf = () => smallStudy(federation.msps, { metrics: 'open' });

  test('runs from statistics through training to its evaluation without anybody doing anything', async () => {
    await federation.begin(STUDY, protocolOf());
    const ended = await federation.hospital(0).untilStage(STUDY, 'ended');
    expect(ended.progress).toMatchObject({ ended: 'evaluated', trainingRecorded: 2, abortsInRow: 0 });
    const rounds = await federation.hospital(0).rounds(STUDY);
    expect(rounds.map(({ kind, stage }) => `${kind} ${stage}`)).toEqual([
      'initial agreed',
      'statistics agreed',
      'training agreed',
      'training agreed',
      'evaluation agreed',
    ]);
    for (const round of rounds.slice(1)) expect(round.survivors).toEqual(federation.msps);
  });

  test('every hospital attests the same, and holds the same bytes under the digest on the ledger', async () => {
    const lineage = await federation
      .hospital(0)
      .researcher.all((page) => federation.hospital(0).researcher.models(STUDY, page));
    expect(lineage.map(({ status }) => status)).toEqual(Array(5).fill('accepted'));
    for (const hospital of federation.hospitals) {
      for (const { version, digest } of lineage) {
        const round = await hospital.untilRound(STUDY, version, ({ attestations }) => attestations === 4);
        expect(round.disputes).toEqual([]);
        const file = await hospital.researcher.modelFile(STUDY, version);
        expect(createHash('sha256').update(file).digest('hex')).toBe(digest);
      }
    }
  });

  test('each hospital reports its own figures, and the model has learned', async () => {
    const { items } = await eventually('four evaluations', async () => {
      const page = await federation.hospital(1).researcher.evaluations(STUDY);
      return page.items.length === 4 && page;
    });
    const models = await federation.hospital(1).researcher.models(STUDY);
    const test = models.items.at(-1)!.result.test!.base!;
    if (test.kind !== 'binary') throw new Error('the label is binary');
    expect(items.reduce((sum, { base }) => sum + base.patients, 0)).toBe(test.patients);
    expect((test.truePositives + test.trueNegatives) / test.patients).toBeGreaterThan(0.65);
    const losses = models.items.slice(3).map(({ result }) => result.validation!.loss / result.validation!.patients);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  test('verification of every round passes every check', async () => {
    const auditor = federation.hospital(3).as('auditor');
    for (let round = 0; round < 5; round += 1) {
      const report = await auditor.jobResult(VerificationReport, await auditor.verifyRound(STUDY, round));
      expect(report).toMatchObject({ ok: true, disputeLifted: false });
      expect(report.checks.length).toBeGreaterThan(3);
    }
  });

  test('the seconds of a round add up', async () => {
    for (let number = 1; number < 5; number += 1) {
      const rounds = await Promise.all(federation.hospitals.map((hospital) => hospital.round(STUDY, number)));
      const timings = rounds.map((round) => round.timings!);
      const seconds = roundSeconds(timings, majority(protocolOf()))!;
      const { total, training, ledger, exchange, aggregation, other } = seconds;
      expect(training + ledger + exchange + aggregation + other).toBeCloseTo(total, 6);
      expect(other).toBeGreaterThanOrEqual(-1e-9);
      expect(ledger).toBeGreaterThan(0);
      const trained = timings.some(({ spans }) => spans.some(({ work, from, to }) => work === 'training' && to > from));
      expect(trained).toBe(true);
    }
  });

  test('the same seed gives the same model again, another seed another one', async () => {
    await Promise.all([
      federation.begin('again', protocolOf()),
      federation.begin('otherwise', { ...protocolOf(), seed: 8 }),
    ]);
    const finalOf = async (study: string) => {
      await federation.hospital(2).untilStage(study, 'ended');
      return (await federation.hospital(2).researcher.model(study, 4)).digest;
    };
    const first = await finalOf(STUDY);
    expect(await finalOf('again')).toBe(first);
    expect(await finalOf('otherwise')).not.toBe(first);
  });

  test("no transaction of it all was invalid: by the gateways' count, and in the blocks", async () => {
    expect(await federation.invalidTransactions()).toBe(0);
    const { height } = await federation.hospital(0).researcher.channel();
    const peer = new PeerClient(federation.hospital(0), 'auditor');
    try {
      const codes = await peer.validationCodes(height);
      expect(codes.length).toBeGreaterThan(3 * 4 * 12);
      expect(codes.filter((code) => code !== 0)).toEqual([]);
    } finally {
      peer.close();
    }
  });
});
