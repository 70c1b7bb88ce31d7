/** A holder opens its shares of a round: what the survivors' sum needs, and of no hospital both secrets. */
import {
  bytesToBase64,
  type Close,
  deriveRound,
  isDifferencing,
  type Join,
  listedShareHash,
  type Msp,
  type Phase,
  type Reveal,
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
  /** Hash in base64 of a share in base64, as joins list it. */
  shareHash(dealer: Msp, holder: Msp, kind: ShareKind, share: string): string;
}>;

/**
 * Reads no other holder's reveal. A hospital that did not join can hold shares too: those pinned do.
 * @throws ConsiliumError NOT_A_MEMBER, NOT_A_HOLDER, FACT_CHANGED, PHASE_NOT_REACHED, PHASE_CLOSED, REVEAL_DIFFERENCING,
 *   REVEAL_INVALID, SHARE_FALSE
 */
export function reveal({ command, caller, at }: Asked<'RoundContract:reveal'>, facts: RevealingFacts): Decision {
  const { study, round: number, shares } = command;
  const { round, protocol, closes } = facts;
  const { msp } = caller;
  requireMember(study, protocol.members, msp);
  const holder = round.shareKeys?.findIndex((pinned) => pinned.msp === msp) ?? -1;
  if (holder < 0) throw refusal('NOT_A_HOLDER', { msp, round: number });
  const record: Reveal = { study, round: number, msp, shares, at };
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
  const invalid = (problem: string) => refusal('REVEAL_INVALID', { round: number, problem });
  if (shares.length !== round.available.length)
    throw invalid(`${round.available.length} hospitals could join, of ${shares.length} something is said`);
  for (const [k, share] of shares.entries()) {
    const of = round.available[k] as Msp;
    if (share === null) continue;
    if (!roster.includes(of)) throw invalid(`${of} is not of the roster`);
    requireShare(share, { of, msp, holder, kind: revealedKind(survivors, of), facts });
  }
  return recorded(record, write.reveal);
}

/** A share of the other kind has another hash: of one hospital both secrets are never opened. */
function requireShare(
  share: string,
  {
    of,
    msp,
    holder,
    kind,
    facts,
  }: Readonly<{ of: Msp; msp: Msp; holder: number; kind: ShareKind; facts: RevealingFacts }>,
): void {
  const dealt = facts.joins.get(of)?.keys?.dealt[holder];
  const listed = dealt && listedShareHash(dealt, kind);
  if (!listed || facts.shareHash(of, msp, kind, share) !== bytesToBase64(listed))
    throw refusal('SHARE_FALSE', { of, holder: msp });
}
