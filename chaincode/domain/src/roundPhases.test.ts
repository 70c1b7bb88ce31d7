import { describe, expect, test } from '@jest/globals';
import type { Msp } from './ids.js';
import type { Outcome } from './round.js';
import {
  closableFrom,
  deriveRound,
  isDisputed,
  outcomeCamps,
  phasesOf,
  ROUND_PHASES,
  rankedMembers,
} from './roundPhases.js';
import { exampleProtocol } from './testing/exampleProtocol.js';
import { exampleFacts, exampleRound, MSPS, noVersion, version } from './testing/exampleRound.js';

const protocol = exampleProtocol();
const [cleveland, hungary, switzerland, va] = MSPS;
const three = [cleveland, hungary, switzerland];
const all = (outcome: Outcome, members: readonly Msp[] = MSPS) => members.map((msp) => [msp, outcome] as const);
const derived = (recorded: Parameters<typeof exampleFacts>[0]) => deriveRound(protocol, exampleFacts(recorded));

describe('the phase table', () => {
  test('has one row for every kind and mode', () => {
    for (const mode of ['open', 'private'] as const)
      for (const kind of ['initial', 'statistics', 'training', 'evaluation'] as const) {
        const rows = ROUND_PHASES.filter((row) => row.mode === mode && row.kinds.includes(kind));
        expect(rows).toHaveLength(1);
        expect(phasesOf(kind, mode)).toBe(rows[0]?.phases);
      }
  });

  test('has unmasking in private mode alone, and ends with attesting always', () => {
    expect(phasesOf('training', 'open')).toEqual(['joining', 'contributing', 'attesting']);
    expect(phasesOf('training', 'private')).toEqual(['joining', 'contributing', 'unmasking', 'attesting']);
    expect(phasesOf('initial', 'private')).toEqual(['attesting']);
  });
});

describe('the stage of a round', () => {
  test.each<[string, Parameters<typeof exampleFacts>[0], object]>([
    ['nothing yet', {}, { stage: 'joining' }],
    ['some joined', { joined: three }, { stage: 'joining' }],
    ['all joined', { joined: MSPS }, { stage: 'contributing', roster: MSPS }],
    [
      'joining was closed',
      { joined: three, closed: [{ phase: 'joining', found: three }] },
      { stage: 'contributing', roster: three },
    ],
    ['some contributed', { joined: MSPS, contributed: three }, { stage: 'contributing', roster: MSPS }],
    ['all contributed', { joined: MSPS, contributed: MSPS }, { stage: 'attesting', survivors: MSPS }],
    [
      'all of the roster contributed',
      { joined: three, contributed: three, closed: [{ phase: 'joining', found: three }] },
      { stage: 'attesting', roster: three, survivors: three },
    ],
    [
      'contributing was closed',
      { joined: MSPS, contributed: three, closed: [{ phase: 'contributing', found: three }] },
      { stage: 'attesting', roster: MSPS, survivors: three },
    ],
    [
      'fewer than t attested',
      { joined: MSPS, contributed: MSPS, attested: all(version('a'), [cleveland, va]) },
      { stage: 'attesting' },
    ],
    [
      't attested one version',
      { joined: MSPS, contributed: MSPS, attested: all(version('a'), three) },
      { stage: 'agreed', agreement: { outcome: version('a'), members: three } },
    ],
    [
      't attested that there is none',
      { joined: MSPS, contributed: MSPS, attested: all(noVersion, three) },
      { stage: 'aborted', abort: { phase: 'attesting', reason: 'ZERO_WEIGHT' } },
    ],
    [
      'a vote aborted joining',
      { joined: three, closed: [{ phase: 'joining', found: three, abort: 'VOTED' }] },
      { stage: 'aborted', abort: { phase: 'joining', reason: 'VOTED' } },
    ],
    [
      'too few contributed',
      {
        joined: MSPS,
        contributed: [va],
        closed: [{ phase: 'contributing', found: [va], abort: 'TOO_FEW_CONTRIBUTIONS' }],
      },
      { stage: 'aborted', abort: { phase: 'contributing', reason: 'TOO_FEW_CONTRIBUTIONS' } },
    ],
    [
      'it was disputed',
      { joined: MSPS, contributed: MSPS, closed: [{ phase: 'attesting', found: MSPS, abort: 'DISPUTED' }] },
      { stage: 'aborted', abort: { phase: 'attesting', reason: 'DISPUTED' } },
    ],
  ])('%s', (_, recorded, state) => {
    expect(derived(recorded)).toMatchObject(state);
  });

  test('is one of attesting from the start for an initial round', () => {
    const round = exampleRound({ kind: 'initial', base: null, round: 0 });
    expect(derived({ round })).toEqual({ stage: 'attesting' });
    expect(derived({ round, attested: all(version('w'), three) })).toMatchObject({ stage: 'agreed' });
  });

  test('does not change by a contribution that came without a join', () => {
    expect(derived({ joined: three, contributed: MSPS })).toEqual({ stage: 'joining' });
  });

  test('is not told two ways: what was fixed by a close stays, whatever comes later', () => {
    const closed = [{ phase: 'contributing', found: three }] as const;
    const late = derived({
      joined: MSPS,
      contributed: MSPS,
      closed: closed.map((close) => ({ ...close, found: [...close.found] })),
    });
    expect(late.survivors).toEqual(three);
  });
});

describe('agreement and dispute', () => {
  const attestations = (...attested: [Msp, Outcome][]) => exampleFacts({ attested }).attestations;

  test('take outcomes for equal only where they are so in everything', () => {
    const other: Outcome = { ...version('a'), result: { weight: 1 } } as Outcome;
    const camps = outcomeCamps(attestations([va, version('a')], [cleveland, version('a')], [hungary, other]));
    expect(camps.map(({ members }) => members)).toEqual([[cleveland, va], [hungary]]);
  });

  test('do not depend on the order of members of a result', () => {
    const [a, b] = [
      { patients: 1, positives: 2 },
      { positives: 2, patients: 1 },
    ];
    const outcome = (statistics: typeof a) => ({ ...version('a'), result: { statistics } }) as Outcome;
    expect(outcomeCamps(attestations([va, outcome(a)], [cleveland, outcome(b)]))).toHaveLength(1);
  });

  test.each([
    ['nobody attested', [], false],
    [
      'two against one, one to come',
      [
        [cleveland, version('a')],
        [hungary, version('a')],
        [va, version('b')],
      ],
      false,
    ],
    [
      'one against one, two to come',
      [
        [cleveland, version('a')],
        [va, version('b')],
      ],
      false,
    ],
    [
      'two against two',
      [
        [cleveland, version('a')],
        [hungary, version('a')],
        [switzerland, version('b')],
        [va, version('b')],
      ],
      true,
    ],
    [
      'three ways',
      [
        [cleveland, version('a')],
        [hungary, version('b')],
        [va, version('c')],
      ],
      true,
    ],
  ] as [string, [Msp, Outcome][], boolean][])('%s: no outcome can reach t is %p', (_, attested, disputed) => {
    expect(isDisputed(protocol, attestations(...attested))).toBe(disputed);
  });
});

describe('when a phase may be closed', () => {
  const { contributeMs, finishMs } = protocol.deadlines;

  test('is its deadline where the phases before it were over in time', () => {
    const deadlines = { joinBy: 60_000, contributeBy: 660_000, unmaskBy: 87_060_000, attestBy: 87_060_000 };
    const facts = exampleFacts({ round: exampleRound({ deadlines }), joined: MSPS, contributed: MSPS });
    expect(closableFrom(protocol, facts, 'joining')).toBe(60_000);
    expect(closableFrom(protocol, facts, 'contributing')).toBe(660_000);
    expect(closableFrom(protocol, facts, 'attesting')).toBe(87_060_000);
  });

  test('is later where joining waited for its quorum, so that contributing has its whole time', () => {
    const facts = exampleFacts({ joined: MSPS, at: 5_000_000 });
    expect(closableFrom(protocol, facts, 'contributing')).toBe(5_000_000 + contributeMs);
  });

  test('counts from a close where one was written', () => {
    const found = [...three];
    const facts = exampleFacts({
      joined: three,
      contributed: three,
      closed: [
        { phase: 'joining', found },
        { phase: 'contributing', found },
      ],
      at: 7_000_000,
    });
    expect(closableFrom(protocol, facts, 'contributing')).toBe(7_000_000 + contributeMs);
    expect(closableFrom(protocol, facts, 'unmasking')).toBe(7_000_000 + finishMs);
    expect(closableFrom(protocol, facts, 'attesting')).toBe(7_000_000 + finishMs);
  });
});

describe('the order of members', () => {
  test('holds every member once and does not depend on how they are listed', () => {
    const ranked = rankedMembers(MSPS, 'heart', 3, 'open');
    expect([...ranked].sort()).toEqual(MSPS);
    expect(rankedMembers([...MSPS].reverse(), 'heart', 3, 'open')).toEqual(ranked);
  });

  test('lets everyone come first in some round', () => {
    const first = new Set(Array.from({ length: 50 }, (_, n) => rankedMembers(MSPS, 'heart', n, 'open')[0]));
    expect([...first].sort()).toEqual(MSPS);
  });
});
