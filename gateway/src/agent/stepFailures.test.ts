import { type Digest, type Msp, refusal, type StudyId } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import type { Step } from './step.js';
import { StepFailures } from './stepFailures.js';

const HEART = 'heart' as StudyId;
const training = (round: number): Step => ({ name: 'makeVector', study: HEART, round });
const sharing = (to: string): Step => ({
  name: 'shareVector',
  study: HEART,
  round: 3,
  to: to as Msp,
  digest: 'ab'.repeat(32) as Digest,
});
const notFinite = refusal('TRAINING_NOT_FINITE', { round: 3 });

describe('failures of steps', () => {
  test('are told by step, the last one of each, until that step succeeds, in whatever round', () => {
    const failures = new StepFailures();
    failures.failed(training(3), notFinite, 1_000, 1);
    failures.failed(training(3), notFinite, 2_000, 2);
    expect(failures.failures(HEART)).toEqual([
      { step: 'makeVector', round: 3, code: 'TRAINING_NOT_FINITE', detail: notFinite.detail, times: 2, at: 2_000 },
    ]);
    expect(failures.failures('other' as StudyId)).toEqual([]);
    failures.succeeded({ name: 'joinRound', study: HEART, round: 4 });
    expect(failures.failures(HEART)).toHaveLength(1);
    failures.succeeded(training(4));
    expect(failures.failures(HEART)).toEqual([]);
  });

  test('tell apart to whom a vector could not be given', () => {
    const failures = new StepFailures();
    failures.failed(sharing('VaMSP'), refusal('EXCHANGE_UNREACHABLE', { msp: 'VaMSP' }), 1_000, 1);
    failures.succeeded(sharing('HungaryMSP'));
    expect(failures.failures(HEART)).toMatchObject([{ code: 'EXCHANGE_UNREACHABLE' }]);
    failures.succeeded(sharing('VaMSP'));
    expect(failures.failures(HEART)).toEqual([]);
  });

  test('tell of a round that this hospital attested otherwise, until it is verified', () => {
    const failures = new StepFailures();
    failures.disputed(HEART, 2, 1_000);
    failures.disputed(HEART, 2, 2_000);
    failures.failed(training(3), notFinite, 1_000, 1);
    expect(failures.failures(HEART)).toMatchObject([
      { code: 'VERSION_DISPUTED', round: 2, at: 1_000 },
      { code: 'TRAINING_NOT_FINITE' },
    ]);
    failures.disputed(HEART, undefined, 3_000);
    expect(failures.failures(HEART)).toMatchObject([{ code: 'TRAINING_NOT_FINITE' }]);
  });

  test('say nothing of having been overtaken, nor the words of an unexpected error', () => {
    const failures = new StepFailures();
    failures.failed(
      { name: 'openRound', study: HEART, round: 3, attestedBy: [] },
      refusal('LEDGER_CONFLICT', {}),
      1_000,
      1,
    );
    expect(failures.failures(HEART)).toEqual([]);
    failures.failed(training(3), new TypeError('patient 17 is not a function'), 1_000, 1);
    expect(failures.failures(HEART)).toMatchObject([{ code: 'INTERNAL' }]);
    expect(JSON.stringify(failures.failures(HEART))).not.toContain('17');
  });
});
