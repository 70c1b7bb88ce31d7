/** A hospital reports its figures on its own test rows. */
import type { CommandInput } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { THREE, VA } from '../support/badInput.js';
import { ContractChannel, protocolOf, STUDY, versionOutcome } from '../support/contractChannel.js';

describe('figures of a hospital of its own', () => {
  const metrics = {
    kind: 'binary',
    patients: 1,
    positives: 1,
    truePositives: 1,
    trueNegatives: 0,
    concordantPairs: 0,
    tiedPairs: 0,
    loss: 0,
    calibration: Array(10).fill([0, 0]),
  };
  const report = (round: number, changes: object = {}) =>
    ({
      study: STUDY,
      round,
      trainingPatients: 10,
      base: metrics,
      ...changes,
    }) as CommandInput<'RoundContract:reportEvaluation'>;

  async function evaluating() {
    const open = protocolOf({ metrics: 'open', trainingRounds: 1 });
    const channel = new ContractChannel();
    await channel.activeStudy(open);
    await channel.initialRound();
    await channel.next(open, 1, versionOutcome('statistics'));
    await channel.next(open, 2, versionOutcome('weights 2'));
    await channel.open(3, THREE);
    await channel.join(3);
    return { channel, open };
  }

  test('are taken in the evaluation round from those who contributed, once', async () => {
    const { channel, open } = await evaluating();
    await expect(channel.submit('RoundContract:reportEvaluation', report(3), VA)).rejects.toThrow(/^PHASE_NOT_REACHED/);
    await channel.contribute(open, 3);
    expect(await channel.submit('RoundContract:reportEvaluation', report(3), VA)).toMatchObject({
      msp: VA,
      base: metrics,
    });
    const again = await channel.endorse('RoundContract:reportEvaluation', report(3), VA);
    expect(again).toMatchObject({ ok: true, readWriteSet: { writes: [] }, event: null });
    await expect(
      channel.submit('RoundContract:reportEvaluation', report(3, { trainingPatients: 11 }), VA),
    ).rejects.toThrow(/^FACT_CHANGED/);
  });

  test('are refused for other rounds and other labels', async () => {
    const { channel } = await evaluating();
    await expect(channel.submit('RoundContract:reportEvaluation', report(2), VA)).rejects.toThrow(
      /^INPUT_INVALID: round: 2 is a training round/,
    );
    const number = { kind: 'number', patients: 1, loss: 0, absoluteError: 0 };
    await expect(channel.submit('RoundContract:reportEvaluation', report(3, { base: number }), VA)).rejects.toThrow(
      /^INPUT_INVALID: .*is binary/,
    );
  });
});
