/** Gathers what a round summed up, and computes again what it makes: for attesting, and for verifying later. */
import { type Contribution, type Msp, type Outcome, refusal, type VersionRef } from '@consilium/domain';
import type { AgentIdentity } from './agentPorts.js';
import { digestOf } from './digestOf.js';
import { type OpenedSum, openSum } from './openSum.js';
import type { Arithmetic, Blobs, ChannelState, Exchange, ShareSealing, UpdateScore } from './ports.js';
import { isPrivate } from './privateRounds.js';
import { holdersOf, type RoundView } from './studyView.js';

export type Materials = Readonly<{
  base: Uint8Array;
  vectors: ReadonlyMap<Msp, Uint8Array>;
  /** Private mode: what the vectors' sum is without its masks, or why it cannot be opened. */
  opened?: OpenedSum;
}>;
export type Recomputed = Readonly<{
  outcome: Outcome;
  file: Uint8Array | undefined;
  scores?: readonly UpdateScore[] | undefined;
}>;

type Sources = Readonly<{ blobs: Blobs; exchange: Exchange; state: ChannelState; sealing: ShareSealing }>;

/**
 * The base and every survivor's vector, each checked against its digest: from the own disk, else from its contributor,
 * else from those who signed for it. An initial round needs none.
 *
 * @throws ConsiliumError EXCHANGE_UNREACHABLE, VECTOR_UNKNOWN, ROUND_NOT_SETTLED where survivors are not fixed
 */
export async function gatherMaterials(
  sources: Sources,
  { msp, channel }: AgentIdentity,
  round: RoundView,
  members: readonly Msp[],
  signal?: AbortSignal,
): Promise<Materials | undefined> {
  const { kind, base } = round.facts.round;
  if (kind === 'initial') return undefined;
  const survivors = round.state.survivors;
  if (!base || !survivors)
    throw refusal('ROUND_NOT_SETTLED', {
      round: round.number,
      study: round.facts.round.study,
      stage: round.state.stage,
    });
  const others = members.filter((member) => member !== msp);
  const contributions = survivors.flatMap((survivor) => round.facts.contributions.get(survivor) ?? []);
  const [file, ...vectors] = await Promise.all([
    obtain(sources, base, others, signal),
    ...contributions.map((contribution) => obtainVector(sources, msp, contribution, others, signal)),
  ]);
  const summed = new Map(contributions.map(({ msp: contributor }, k) => [contributor, vectors[k] as Uint8Array]));
  const opened = isPrivate(round) ? { opened: await openSum(sources, round, channel, summed) } : {};
  return { base: file, vectors: summed, ...opened };
}

/** @throws ConsiliumError VERSION_FILE_INVALID and whatever the arithmetic refuses */
export function recompute(arithmetic: Arithmetic, round: RoundView, materials: Materials | undefined): Recomputed {
  const { protocol, number, facts } = round;
  const { kind } = facts.round;
  if (kind === 'initial' || !materials) {
    const file = arithmetic.initialVersion(protocol);
    return { file, outcome: { kind: 'version', digest: digestOf(file), sumDigest: null, result: {} } };
  }
  const { base, vectors, opened } = materials;
  if (opened && 'sealed' in opened) return { outcome: opened.sealed, file: undefined };
  const sum = opened ? { sum: opened.sum } : {};
  const { outcome, file, scores } = arithmetic.aggregate({ protocol, kind, round: number, base, vectors, ...sum });
  return { outcome, file, scores };
}

async function obtainVector(
  sources: Sources,
  msp: Msp,
  contribution: Contribution,
  others: readonly Msp[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const holders = holdersOf(contribution).filter((holder) => holder !== msp);
  const rest = others.filter((member) => !holders.includes(member));
  return obtain(sources, { digest: contribution.vectorDigest }, [...holders, ...rest], signal);
}

/** Bytes by digest: from the own disk if they are whole there, else from a holder, and then kept. */
export async function obtain(
  { blobs, exchange }: Sources,
  { digest }: Pick<VersionRef, 'digest'>,
  holders: readonly Msp[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const own = await blobs.get(digest);
  if (own && digestOf(own) === digest) return own;
  const fetched = await exchange.fetch(digest, holders, signal);
  if (digestOf(fetched) !== digest) throw refusal('VECTOR_DIGEST_MISMATCH', { digest });
  await blobs.put(fetched);
  return fetched;
}
