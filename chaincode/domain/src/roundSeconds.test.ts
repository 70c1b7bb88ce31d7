import { describe, expect, test } from '@jest/globals';
import { HospitalTimings, type RoundSeconds, roundSeconds } from './roundSeconds.js';

type Phases = HospitalTimings['phases'];
type Spans = HospitalTimings['spans'];

const hospital = (msp: string, phases: Phases, spans: Spans = []): HospitalTimings =>
  HospitalTimings.parse({ study: 'heart', round: 2, msp, phases, spans });

const parts = ({ training, ledger, exchange, aggregation, other }: RoundSeconds) =>
  training + ledger + exchange + aggregation + other;

/** A opens; B trains longest; C aggregates longest. */
const healthy = [
  hospital(
    'A',
    {
      opening: { readyAt: 1_000, seenAt: 1_100 },
      joining: { readyAt: 1_110, seenAt: 1_200 },
      contributing: { readyAt: 1_450, seenAt: 1_900 },
      attesting: { readyAt: 1_950, seenAt: 2_100 },
    },
    [{ work: 'training', from: 1_110, to: 1_400 }],
  ),
  hospital(
    'B',
    {
      opening: { seenAt: 1_120 },
      joining: { readyAt: 1_130, seenAt: 1_220 },
      contributing: { readyAt: 1_800, seenAt: 1_910 },
      attesting: { readyAt: 1_960, seenAt: 2_120 },
    },
    [
      { work: 'training', from: 1_130, to: 1_700 },
      { work: 'exchange', from: 1_700, to: 1_780 },
    ],
  ),
  hospital(
    'C',
    {
      opening: { seenAt: 1_115 },
      joining: { readyAt: 1_125, seenAt: 1_210 },
      contributing: { readyAt: 1_500, seenAt: 1_905 },
      attesting: { readyAt: 2_000, seenAt: 2_110 },
    },
    [
      { work: 'exchange', from: 1_905, to: 1_930 },
      { work: 'aggregation', from: 1_930, to: 1_990 },
    ],
  ),
];

describe('roundSeconds', () => {
  test('counts, for each phase, from the last fact in hand to the last hospital that saw the phase over', () => {
    const seconds = roundSeconds(healthy, 3) as RoundSeconds;
    expect(seconds.total).toBeCloseTo(1.12, 9);
    // opening 1000-1120, joining 1130-1220, contributing 1800-1910, attesting 2000-2120
    expect(seconds.ledger).toBeCloseTo(0.12 + 0.09 + 0.11 + 0.12, 9);
  });

  test('counts work where it held the round up: in the hospital that was ready last', () => {
    const seconds = roundSeconds(healthy, 3) as RoundSeconds;
    expect(seconds.training).toBeCloseTo(0.48, 9); // B, once the roster was seen: 1220-1700
    expect(seconds.exchange).toBeCloseTo(0.08 + 0.02, 9); // B 1700-1780; C 1910-1930
    expect(seconds.aggregation).toBeCloseTo(0.06, 9); // C 1930-1990
    expect(seconds.other).toBeCloseTo(0.01 + 0.02 + 0.01, 9); // before the joins, B 1780-1800, C 1990-2000
  });

  test('ends attesting with the t-th attestation', () => {
    const withTwo = roundSeconds(healthy, 2) as RoundSeconds;
    expect(withTwo.ledger).toBeCloseTo(0.12 + 0.09 + 0.11 + 0.16, 9);
    expect(withTwo.aggregation).toBe(0);
  });

  test('adds up, whatever is missing, overlaps, or came too late', () => {
    const late = hospital('D', {
      opening: { seenAt: 9_000 },
      joining: { seenAt: 9_001 },
      attesting: { seenAt: 9_100 },
    });
    const joinedOnly = hospital('E', { joining: { readyAt: 1_131, seenAt: 8_000 } });
    const overlapping = hospital('B', (healthy[1] as HospitalTimings).phases, [
      { work: 'exchange', from: 1_000, to: 5_000 },
      { work: 'training', from: 1_300, to: 1_400 },
    ]);
    const unknownOpener = healthy.map((one) => hospital(one.msp, { ...one.phases, opening: { seenAt: 1_100 } }));
    for (const hospitals of [
      healthy,
      [...healthy, late, joinedOnly],
      [healthy[0], overlapping, healthy[2]] as HospitalTimings[],
      unknownOpener,
      healthy.slice(0, 1),
    ]) {
      const seconds = roundSeconds(hospitals, 3) as RoundSeconds;
      expect(parts(seconds)).toBeCloseTo(seconds.total, 9);
      expect(seconds.total).toBeLessThan(2);
      expect(seconds.other).toBeGreaterThanOrEqual(-1e-9);
    }
  });

  test('counts overlapping work once', () => {
    const overlapping = hospital('B', (healthy[1] as HospitalTimings).phases, [
      { work: 'exchange', from: 1_220, to: 1_800 },
      { work: 'training', from: 1_300, to: 1_400 },
    ]);
    const seconds = roundSeconds([healthy[0], overlapping, healthy[2]] as HospitalTimings[], 3) as RoundSeconds;
    expect(seconds.training).toBeCloseTo(0.1, 9);
    expect(seconds.exchange).toBeCloseTo(0.48 + 0.02, 9);
  });

  test('has nothing to say of a round that nobody has seen attested', () => {
    expect(roundSeconds([], 3)).toBeUndefined();
    expect(roundSeconds([hospital('A', { opening: { readyAt: 1, seenAt: 2 } })], 3)).toBeUndefined();
  });

  test('an initial round is opened and attested', () => {
    const initial = [
      hospital('A', { opening: { readyAt: 100, seenAt: 200 }, attesting: { readyAt: 210, seenAt: 300 } }),
      hospital('B', { opening: { seenAt: 210 }, attesting: { readyAt: 230, seenAt: 310 } }),
    ];
    const seconds = roundSeconds(initial, 2) as RoundSeconds;
    expect(seconds.total).toBeCloseTo(0.21, 9);
    expect(seconds.ledger).toBeCloseTo(0.19, 9);
  });
});
