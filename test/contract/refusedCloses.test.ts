/** Closes, aborts and records that the contract refuses. */
import { describe } from '@jest/globals';
import { ask, type BadInput, close, record, THREE, testRefusals, VA } from '../support/badInput.js';
import { STUDY } from '../support/contractChannel.js';

describe('of what ends a round, refused is', () => {
  testRefusals([
    {
      what: 'a close before the deadline',
      at: 'contributing',
      ask: () => close('contributing'),
      code: 'DEADLINE_NOT_REACHED',
      says: /contributing of round 1 runs until 2026-/,
    },
    {
      what: 'a close of a phase that is complete',
      at: 'attesting',
      ask: () => close('contributing'),
      code: 'NOTHING_TO_CLOSE',
      says: /contributing of round 1 is complete/,
    },
    {
      what: 'a close of an agreed round',
      at: 'agreed',
      ask: () => close('attesting'),
      code: 'NOTHING_TO_CLOSE',
      says: /attesting of round 1 is complete/,
    },
    {
      what: 'a close of a phase that is closed',
      at: 'contributingWithoutVa',
      ask: () => close('joining'),
      code: 'PHASE_CLOSED',
      says: /joining of round 1 is closed/,
    },
    {
      what: 'a close of a phase to come',
      at: 'joining',
      ask: () => close('attesting'),
      code: 'PHASE_NOT_REACHED',
      says: /round 1 is joining: attesting/,
    },
    {
      what: 'a close of a phase that open mode does not have',
      at: 'attesting',
      ask: () => close('unmasking'),
      code: 'PHASE_CLOSED',
      says: /unmasking/,
    },
    {
      what: 'a close of joining below quorum',
      at: 'joining',
      ask: (c) => {
        c.now += 61_000;
        return close('joining');
      },
      code: 'CLOSE_BELOW_QUORUM',
      says: /needs 3 hospitals, 0 have joined: the phase waits/,
    },
    {
      what: 'an abort that nobody voted for',
      at: 'joining',
      ask: () => ask('RoundContract:abortRound', { study: STUDY, round: 1 }, VA),
      code: 'ABORT_NOT_DUE',
      says: /neither disputed nor voted/,
    },
    {
      what: 'an abort of an agreed round',
      at: 'agreed',
      ask: () => ask('RoundContract:abortRound', { study: STUDY, round: 1 }, VA),
      code: 'NOTHING_TO_CLOSE',
      says: /round 1/,
    },
    {
      what: 'an abort of an aborted round',
      at: 'voted',
      ask: () => ask('RoundContract:abortRound', { study: STUDY, round: 1 }, VA),
      code: 'PHASE_CLOSED',
      says: /round 1/,
    },
    {
      what: 'a record of a round that runs',
      at: 'attesting',
      ask: () => record(1, []),
      code: 'ROUND_NOT_SETTLED',
      says: /round 1/,
    },
    {
      what: 'a record that the next round makes',
      at: 'agreed',
      ask: () => record(1, THREE),
      code: 'NOTHING_TO_RECORD',
      says: /the next round records its version/,
    },
    {
      what: 'a record of an aborted round',
      at: 'voted',
      ask: () => record(1, []),
      code: 'NOTHING_TO_RECORD',
      says: /aborted \(VOTED\)/,
    },
    {
      what: 'figures of its own in a study of sums',
      at: 'joining',
      ask: () =>
        ask(
          'RoundContract:reportEvaluation',
          {
            study: STUDY,
            round: 1,
            trainingPatients: 1,
            base: { kind: 'number', patients: 0, loss: 0, absoluteError: 0 },
          },
          VA,
        ),
      code: 'EVALUATION_NOT_OPEN',
      says: /does not let hospitals report/,
    },
  ] satisfies BadInput[]);
});
