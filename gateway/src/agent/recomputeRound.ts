/** Gathers what a round summed up, and computes again what it makes: for attesting, and for verifying later. */
import {
  type Contribution,
  type Msp,
  needsSingleUpdates,
  type Outcome,
  refusal,
  type VersionRef,
  vectorLayout,
} from '@consilium/domain';
import type { AgentIdentity } from './agentPorts.js';
import { digestOf } from './digestOf.js';
import { type OpenedSum, openSum } from './openSum.js';
import type { Arithmetic, Blobs, ChannelState, Exchange, ShareSealing, UpdateScore } from './ports.js';
import { isPrivate } from './privateRounds.js';
import { holdersOf, type RoundView } from './studyView.js';
import { sumFromDisk, type VectorSeen } from './sumFromDisk.js';

export type Materials = Readonly<{
  base: Uint8Array;
  /** What was seen of the survivors' vectors, in MSP order. */
  vectors: ReadonlyMap<Msp, VectorSeen>;
  /** Their sum; private mode: without its masks, or why it cannot be opened. */
  opened: OpenedSum;
  /** The vectors themselves, where the aggregation rule looks at single updates; else empty. */
  singles: ReadonlyMap<Msp, Uint8Array>;
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
  const vectorOf = (contribution: Contribution) => obtainVector(sources, msp, contribution, others, signal);
  const { blobs } = sources;
  const { sum, vectors } = await sumFromDisk(
    blobs,
    contributions,
    vectorLayout(round.protocol, kind).length,
    async (contribution) => {
      if (!(await blobs.has(contribution.vectorDigest))) await vectorOf(contribution);
    },
  );
  const opened = isPrivate(round) ? await openSum(sources, round, channel, sum) : { sum };
  const isSingles = kind === 'training' && needsSingleUpdates(round.protocol.aggregation);
  const singles = isSingles ? await Promise.all(contributions.map(vectorOf)) : [];
  return {
    base: await obtain(sources, base, others, signal),
    vectors,
    opened,
    singles: new Map(singles.map((bytes, k) => [(contributions[k] as Contribution).msp, bytes])),
  };
}

/** @throws ConsiliumError VERSION_FILE_INVALID and whatever the arithmetic refuses */
export function recompute(arithmetic: Arithmetic, round: RoundView, materials: Materials | undefined): Recomputed {
  const { protocol, number, facts } = round;
  const { kind } = facts.round;
  if (kind === 'initial' || !materials) {
    const file = arithmetic.initialVersion(protocol);
    return { file, outcome: { kind: 'version', digest: digestOf(file), sumDigest: null, result: {} } };
  }
  const { base, opened, singles: vectors } = materials;
  if ('sealed' in opened) return { outcome: opened.sealed, file: undefined };
  const { sum } = opened;
  const { outcome, file, scores } = arithmetic.aggregate({ protocol, kind, round: number, base, sum, vectors });
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
  { blobs, exchange }: Pick<Sources, 'blobs' | 'exchange'>,
  { digest }: Pick<VersionRef, 'digest'>,
  holders: readonly Msp[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const own = await blobs.get(digest);
  if (own) return own;
  const fetched = await exchange.fetch(digest, holders, signal);
  if (digestOf(fetched) !== digest) throw refusal('VECTOR_DIGEST_MISMATCH', { digest });
  await blobs.put(fetched);
  return fetched;
}
