/** Takes the masks off a round's sum with what holders revealed, or says which dealer it cannot be opened for. */
import {
  isUnopenable,
  ledgerKey,
  type Msp,
  majority,
  type Outcome,
  type Reveal,
  refusal,
  revealedKind,
  shareOf,
} from '@consilium/domain';
import { maskingPlace } from './maskingPlace.js';
import type { ChannelState, OpenedMasks, ShareSealing } from './ports.js';
import type { RoundView } from './studyView.js';

type SealedOutcome = Extract<Outcome, { kind: 'sealed' }>;
export type OpenedSum = Readonly<{ sum: Int32Array }> | Readonly<{ sealed: SealedOutcome }>;

/**
 * The first t matching shares in the order of the chain decide of each hospital, the same everywhere: those that a dealer
 * dealt falsely give something else than it committed to, and that is proof against it.
 *
 * @param sum of the survivors' vectors, masked; the masks are taken off it in its place
 * @throws ConsiliumError ROUND_NOT_SETTLED where shares are still lacking
 */
export async function openSum(
  { state, sealing }: Readonly<{ state: Pick<ChannelState, 'recordOf'>; sealing: ShareSealing }>,
  round: RoundView,
  channel: string,
  sum: Int32Array,
): Promise<OpenedSum> {
  const { protocol, facts, number } = round;
  const { roster = [], survivors = [] } = round.state;
  const reveals = inChainOrder(state, round);
  const selfMasks = new Map<Msp, Uint8Array>();
  const maskKeys = new Map<Msp, Uint8Array>();
  // The lowest MSP is named where there are two.
  for (const of of [...roster].sort()) {
    if (isUnopenable(protocol, facts.round, facts.reveals, of))
      return { sealed: { kind: 'sealed', reason: 'UNOPENED', dealer: of } };
    const kind = revealedKind(survivors, of);
    const shares = reveals.flatMap((reveal) => shareOf(facts.round, reveal, of) ?? []).slice(0, majority(protocol));
    if (shares.length < majority(protocol))
      throw refusal('ROUND_NOT_SETTLED', { study: facts.round.study, round: number, stage: 'unmasking' });
    const keys = facts.joins.get(of)?.keys;
    const secret = await sealing.combine(shares);
    const isRight =
      secret && keys && (kind === 'selfMask' ? sealing.isSelfMask(secret, keys) : sealing.isMaskKey(secret, keys));
    if (!isRight) return { sealed: { kind: 'sealed', reason: 'BAD_DEALER', dealer: of } };
    (kind === 'selfMask' ? selfMasks : maskKeys).set(of, secret);
  }
  const opened: OpenedMasks = { selfMasks, maskKeys };
  sealing.unmask(sum, maskingPlace(round, channel), opened);
  return { sum };
}

/** By block; within a block by transaction id, which every hospital sees alike. */
function inChainOrder(state: Pick<ChannelState, 'recordOf'>, { facts, number }: RoundView): Reveal[] {
  const placed = [...facts.reveals.values()].map((reveal) => ({
    reveal,
    place: state.recordOf(ledgerKey.reveal(facts.round.study, number, reveal.msp)),
  }));
  return placed
    .sort(
      (a, b) =>
        (a.place?.block ?? 0) - (b.place?.block ?? 0) ||
        ((a.place?.transactionId ?? '') < (b.place?.transactionId ?? '') ? -1 : 1),
    )
    .map(({ reveal }) => reveal);
}
