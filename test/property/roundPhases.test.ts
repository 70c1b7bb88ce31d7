import {
  type AbortReason,
  Aggregation,
  canonicalJson,
  deriveRound,
  type Msp,
  majority,
  type Outcome,
  outcomeCamps,
  type Phase,
  phasesOf,
  quorum,
  type RoundFacts,
  type RoundKind,
  type RoundState,
  type StudyProtocol,
} from '@consilium/domain';
import { describe, test } from '@jest/globals';
import fc from 'fast-check';

type Action =
  | Readonly<{ kind: 'join' | 'contribute'; hospital: number }>
  | Readonly<{ kind: 'attest'; hospital: number; outcome: number }>
  | Readonly<{ kind: 'close'; phase: Phase }>;

const KINDS: readonly RoundKind[] = ['initial', 'statistics', 'training', 'evaluation'];
const PHASES: readonly Phase[] = ['joining', 'contributing', 'attesting'];
const ORDER: readonly string[] = [...PHASES, 'agreed', 'aborted'];
const about = { study: 'heart', round: 1, at: 0 };

const OUTCOMES = [0, 1, 2].map(
  (k): Outcome =>
    k < 2
      ? ({ kind: 'version', digest: `${k}`, sumDigest: null, result: {} } as Outcome)
      : ({ kind: 'none', reason: 'ZERO_WEIGHT', sumDigest: '2' } as Outcome),
);

/** A round as the contract lets it be written: what the phase table does not allow is not recorded. */
class RecordedRound {
  readonly protocol: Pick<StudyProtocol, 'members' | 'mode' | 'quorum' | 'aggregation'>;
  readonly facts: RoundFacts;
  readonly #joins = new Map();
  readonly #contributions = new Map();
  readonly #attestations = new Map();
  readonly #closes = new Map();

  constructor(kind: RoundKind, hospitals: number) {
    const members = Array.from({ length: hospitals }, (_, k) => `H${k}MSP` as Msp);
    this.protocol = { members, mode: 'open', quorum: undefined, aggregation: Aggregation.parse({}) };
    this.facts = {
      round: { ...about, kind, available: members } as unknown as RoundFacts['round'],
      joins: this.#joins,
      contributions: this.#contributions,
      reveals: new Map(),
      attestations: this.#attestations,
      closes: this.#closes,
    };
  }

  state(): RoundState {
    return deriveRound(this.protocol, this.facts);
  }

  apply(action: Action): void {
    const { stage, roster } = this.state();
    if (action.kind === 'close') {
      this.#close(action.phase, stage);
      return;
    }
    const msp = this.protocol.members[action.hospital % this.protocol.members.length] as Msp;
    if (action.kind === 'join' && stage === 'joining') this.#joins.set(msp, { ...about, msp });
    if (action.kind === 'contribute' && stage === 'contributing' && roster?.includes(msp))
      this.#contributions.set(msp, { ...about, msp });
    // What others attested does not keep a member from attesting: late ones confirm or dispute.
    const fixed = deriveRound(this.protocol, { ...this.facts, attestations: new Map() }).stage === 'attesting';
    if (action.kind === 'attest' && fixed && !this.#attestations.has(msp))
      this.#attestations.set(msp, { ...about, msp, outcome: OUTCOMES[action.outcome] });
  }

  #close(phase: Phase, stage: RoundState['stage']): void {
    if (stage !== phase) return;
    const found = [...(phase === 'joining' ? this.#joins : this.#contributions).keys()].sort();
    const tooFew = found.length < quorum(this.protocol);
    if (phase === 'joining' && tooFew) return;
    const abort: AbortReason | null =
      phase === 'attesting'
        ? 'TOO_FEW_ATTESTATIONS'
        : phase === 'contributing' && tooFew
          ? 'TOO_FEW_CONTRIBUTIONS'
          : null;
    this.#closes.set(phase, { ...about, phase, found, abort });
  }
}

const hospital = fc.nat(6);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('join', 'contribute'), hospital }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('attest'), hospital, outcome: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close'), phase: fc.constantFrom(...PHASES) }) },
) as fc.Arbitrary<Action>;

/** Plays any actions and asks something of each step. */
function always(claim: (before: RoundState, after: RoundState, round: RecordedRound) => boolean): void {
  fc.assert(
    fc.property(
      fc.constantFrom(...KINDS),
      fc.integer({ min: 2, max: 7 }),
      fc.array(action, { maxLength: 60 }),
      (kind, hospitals, actions) => {
        const round = new RecordedRound(kind, hospitals);
        return actions.every((next) => {
          const before = round.state();
          round.apply(next);
          return claim(before, round.state(), round);
        });
      },
    ),
    { numRuns: 2_000 },
  );
}

const kept = (before: unknown, after: unknown) =>
  before === undefined || canonicalJson(before) === canonicalJson(after);

describe('a round, whatever is recorded in whatever order', () => {
  test('never goes back to an earlier phase', () => {
    always((before, after) => ORDER.indexOf(before.stage) <= ORDER.indexOf(after.stage));
  });

  test('stays aborted, and stays agreed', () => {
    always((before, after) => !['aborted', 'agreed'].includes(before.stage) || after.stage === before.stage);
  });

  test('has one roster and one set of survivors, once and for ever', () => {
    always((before, after) => kept(before.roster, after.roster) && kept(before.survivors, after.survivors));
  });

  test('is beyond every phase that was closed, with what the close found', () => {
    always((_, { stage, roster, survivors }, { facts }) =>
      [...facts.closes.values()].every(
        ({ phase, found }) =>
          ORDER.indexOf(stage) > ORDER.indexOf(phase) &&
          (phase !== 'joining' || canonicalJson(roster) === canonicalJson(found)) &&
          (phase !== 'contributing' || canonicalJson(survivors) === canonicalJson(found)),
      ),
    );
  });

  test('has survivors only from its roster, and a roster only of those that were there', () => {
    always((_, { roster, survivors }, { facts }) => {
      const joined = roster?.every((msp) => facts.joins.has(msp)) ?? true;
      const contributed = survivors?.every((msp) => facts.contributions.has(msp) && roster?.includes(msp)) ?? true;
      return joined && contributed;
    });
  });

  test('agrees on one outcome, that t members attested', () => {
    always((before, after, { protocol }) => {
      const agreement = after.agreement;
      if (agreement && agreement.members.length < majority(protocol)) return false;
      return kept(before.agreement?.outcome, agreement?.outcome);
    });
  });

  test('has no second outcome that could reach t beside the one agreed upon', () => {
    always((_, after, { facts, protocol }) => {
      const large = outcomeCamps(facts.attestations).filter(({ members }) => members.length >= majority(protocol));
      return large.length <= 1 && (after.stage !== 'agreed' || large.length === 1);
    });
  });

  test('is only ever in a phase that its kind has', () => {
    always((_, { stage }, { facts }) => {
      const phases: readonly string[] = phasesOf(facts.round.kind, 'open');
      return phases.includes(stage) || stage === 'agreed' || stage === 'aborted';
    });
  });
});
