/** A hospital's vector enters a round by its digest, with the signatures of members that hold it. */
import {
  type Close,
  type Contribution,
  deriveRound,
  type MemberKeys,
  type Msp,
  majority,
  type Phase,
  type Receipt,
  type Round,
  receiptPayload,
  refusal,
  type StudyProtocol,
  vectorLayout,
} from '@consilium/domain';
import { recorded, requirePhase } from './facts.js';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, standing, write } from './records.js';

export type ContributingFacts = Readonly<{
  channel: string;
  round: Round;
  protocol: StudyProtocol;
  own: Contribution | undefined;
  closes: ReadonlyMap<Phase, Close>;
  /** Members that joined; asked where no close names the roster. */
  joined: ReadonlySet<Msp>;
  /** Receipt keys of the members that signed. */
  keys: ReadonlyMap<Msp, MemberKeys>;
  isSignedBy(publicKey: string, text: string, signature: string): boolean;
}>;

/**
 * @throws ConsiliumError NOT_A_MEMBER, FACT_CHANGED, PHASE_NOT_REACHED, PHASE_CLOSED, NOT_IN_ROSTER, VECTOR_LENGTH_WRONG,
 *   RECEIPT_FALSE, RECEIPTS_TOO_FEW
 */
export function contribute(
  { command, caller, at }: Asked<'RoundContract:contribute'>,
  facts: ContributingFacts,
): Decision {
  const { study, round: number, vectorDigest, vectorLength, receipts } = command;
  const { round, protocol, own } = facts;
  const { msp } = caller;
  requireMember(study, protocol.members, msp);
  if (own) {
    // The receipts may be others: the bytes are what a hospital is bound to.
    if (own.vectorDigest === vectorDigest && own.vectorLength === vectorLength) return standing(own);
    throw refusal('FACT_CHANGED', { msp, fact: 'contribution', round: number });
  }
  const state = deriveRound(protocol, {
    round,
    joins: facts.joined,
    contributions: new Set(),
    attestations: new Map(),
    closes: facts.closes,
  });
  requirePhase('contributing', round, state);
  if (!state.roster?.includes(msp)) throw refusal('NOT_IN_ROSTER', { msp, round: number });
  const { length } = vectorLayout(protocol, round.kind);
  if (vectorLength !== length)
    throw refusal('VECTOR_LENGTH_WRONG', { round: number, expected: length, found: vectorLength });
  requireReceipts(command, msp, facts);
  return recorded<Contribution>(
    { study, round: number, msp, vectorDigest, vectorLength, receipts, at },
    write.contribution,
  );
}

/** Receipts of t-1 other members: with the contributor that is t holders, so one that is honest serves the vector. */
function requireReceipts(
  command: Readonly<{ vectorDigest: string; receipts: readonly Receipt[] }>,
  contributor: Msp,
  { channel, round, protocol, keys, isSignedBy }: ContributingFacts,
): void {
  const { vectorDigest, receipts } = command;
  const text = receiptPayload(channel, round.study, round.round, contributor, vectorDigest);
  for (const { msp, signature } of receipts) {
    const key = keys.get(msp)?.receiptKey;
    if (!key || !isSignedBy(key, text, signature)) throw refusal('RECEIPT_FALSE', { msp });
  }
  const holders = new Set(receipts.map(({ msp }) => msp));
  holders.delete(contributor);
  const needed = majority(protocol) - 1;
  if (holders.size < needed) throw refusal('RECEIPTS_TOO_FEW', { needed, found: holders.size });
}
