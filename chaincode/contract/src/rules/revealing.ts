/** A holder opens its shares of a round: what the survivors' sum needs, and of no hospital both secrets. */
import {
  type Close,
  deriveRound,
  isDifferencing,
  type Join,
  type Msp,
  type Phase,
  type Reveal,
  type RevealedShare,
  type Round,
  refusal,
  revealedKind,
  type ShareKind,
  type StudyProtocol,
} from '@consilium/domain';
import { recorded, requirePhase, requireSame } from './facts.js';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, write } from './records.js';

export type RevealingFacts = Readonly<{
  round: Round;
  protocol: StudyProtocol;
  own: Reveal | undefined;
  closes: ReadonlyMap<Phase, Close>;
  joined: ReadonlySet<Msp>;
  contributed: ReadonlySet<Msp>;
  /** Joins of the roster: they stand for ever. */
  joins: ReadonlyMap<Msp, Join>;
  /** SHA-256 in base64 of a share in base64, as joins list it. */
  shareHash(dealer: Msp, holder: Msp, kind: ShareKind, share: string): string;
}>;

/**
 * Reads no other holder's reveal. A hospital that did not join can hold shares too: those pinned do.
 * @throws ConsiliumError NOT_A_MEMBER, NOT_A_HOLDER, FACT_CHANGED, PHASE_NOT_REACHED, PHASE_CLOSED, REVEAL_DIFFERENCING,
 *   REVEAL_INVALID, SHARE_FALSE
 */
export function reveal({ command, caller, at }: Asked<'RoundContract:reveal'>, facts: RevealingFacts): Decision {
  const { study, round: number, shares, unopened } = command;
  const { round, protocol, closes } = facts;
  const { msp } = caller;
  requireMember(study, protocol.members, msp);
  const holder = round.shareKeys?.findIndex((pinned) => pinned.msp === msp) ?? -1;
  if (holder < 0) throw refusal('NOT_A_HOLDER', { msp, round: number });
  const record: Reveal = { study, round: number, msp, shares, unopened, at };
  if (facts.own) return requireSame('reveal', facts.own, record);
  const state = deriveRound(protocol, {
    round,
    joins: facts.joined,
    contributions: facts.contributed,
    reveals: new Map(),
    attestations: new Map(),
    closes,
  });
  // With no share revealed yet as far as it looks, a round whose survivors are fixed is in unmasking.
  requirePhase('unmasking', round, state);
  const { roster = [], survivors = [] } = state;
  if (isDifferencing(round, survivors))
    throw refusal('REVEAL_DIFFERENCING', { round: number, earlier: round.sameSurvivorsAs?.round ?? 0 });
  requireEachOnce(number, roster, [...shares.map(({ of }) => of), ...unopened]);
  for (const share of shares) requireShare(share, { msp, holder, survivors, facts });
  return recorded(record, write.reveal);
}

function requireEachOnce(round: number, roster: readonly Msp[], told: readonly Msp[]): void {
  const invalid = (problem: string) => refusal('REVEAL_INVALID', { round, problem });
  const twice = told.find((msp, k) => told.indexOf(msp) !== k);
  if (twice !== undefined) throw invalid(`${twice} stands in it twice`);
  const stranger = told.find((msp) => !roster.includes(msp));
  if (stranger !== undefined) throw invalid(`${stranger} is not of the roster`);
  const missing = roster.find((msp) => !told.includes(msp));
  if (missing !== undefined) throw invalid(`nothing is said of ${missing}`);
}

function requireShare(
  { of, kind, share }: RevealedShare,
  at: Readonly<{ msp: Msp; holder: number; survivors: readonly Msp[]; facts: RevealingFacts }>,
): void {
  const { facts, msp } = at;
  const wanted = revealedKind(at.survivors, of);
  if (kind !== wanted)
    throw refusal('REVEAL_INVALID', {
      round: facts.round.round,
      problem: `of ${of} the share of the ${wanted} is opened, never that of the ${kind}`,
    });
  const listed = facts.joins.get(of)?.keys?.dealt[at.holder]?.[kind];
  const found = facts.shareHash(of, msp, kind, share);
  if (found !== listed) throw refusal('SHARE_FALSE', { of, holder: msp });
}
