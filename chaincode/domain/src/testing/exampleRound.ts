/** Rounds and facts for tests beside the code. It is not built. */
import { canonicalDigest } from '../canonicalJson.js';
import type { Msp, StudyId } from '../ids.js';
import type { Attestation, Close, Contribution, Join, Outcome, Phase, Round } from '../round.js';
import type { RoundFacts } from '../roundPhases.js';
import { FIRST_PROGRESS } from '../studyProgress.js';

export const MSPS = ['ClevelandMSP', 'HungaryMSP', 'SwitzerlandMSP', 'VaMSP'] as [Msp, Msp, Msp, Msp];
const study = 'heart' as StudyId;

export const digestOf = (text: string) => canonicalDigest(text);

export function exampleRound(changes: Partial<Round> = {}): Round {
  return {
    study,
    round: 2,
    kind: 'training',
    protocolVersion: 1,
    protocolHash: digestOf('protocol'),
    base: { version: 1, digest: digestOf('statistics') },
    candidateParent: null,
    available: MSPS,
    deadlines: { joinBy: 100, contributeBy: 1_100, unmaskBy: 9_100, attestBy: 9_100 },
    progress: FIRST_PROGRESS,
    openedBy: MSPS[0],
    openedAt: 0,
    ...changes,
  };
}

export const version = (name: string): Outcome => ({
  kind: 'version',
  digest: digestOf(name),
  sumDigest: digestOf(`sum of ${name}`),
  result: {},
});
export const noVersion: Outcome = { kind: 'none', reason: 'ZERO_WEIGHT', sumDigest: digestOf('zero') };

/** What was recorded: who joined, who contributed, what each attested, and how phases were closed. */
export function exampleFacts(
  recorded: Readonly<{
    round?: Round;
    joined?: readonly Msp[];
    contributed?: readonly Msp[];
    attested?: readonly (readonly [Msp, Outcome])[];
    closed?: readonly Readonly<{ phase: Phase; found: Msp[]; abort?: Close['abort'] }>[];
    at?: number;
  }>,
): RoundFacts {
  const { round = exampleRound(), joined = [], contributed = [], attested = [], closed = [], at = 50 } = recorded;
  const about = { study, round: round.round };
  return {
    round,
    joins: new Map(joined.map((msp): [Msp, Join] => [msp, { ...about, msp, at }])),
    contributions: new Map(
      contributed.map((msp): [Msp, Contribution] => [
        msp,
        { ...about, msp, vectorDigest: digestOf(msp), vectorLength: 8, receipts: [], at },
      ]),
    ),
    reveals: new Map(),
    attestations: new Map(attested.map(([msp, outcome]): [Msp, Attestation] => [msp, { ...about, msp, outcome, at }])),
    closes: new Map(
      closed.map(({ phase, found, abort = null }): [Phase, Close] => [
        phase,
        { ...about, phase, found, abort, closedBy: MSPS[0], at },
      ]),
    ),
  };
}
