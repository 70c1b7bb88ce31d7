/** The arithmetic of a round: from the survivors' vectors to the outcome that is attested, the same bytes in every hospital. */
import { createHash } from 'node:crypto';
import {
  type Digest,
  type NoVersionReason,
  needsSingleUpdates,
  type RoundResult,
  refusal,
  type Slice,
  type StudyProtocol,
  updateScale,
  type VectorLayout,
  vectorLayout,
} from '@consilium/domain';
import type { Aggregated, Arithmetic, UpdateScore } from '../agent/ports.js';
import { vectorBytes } from '../privacy/fixedPoint.js';
import { statisticsMade } from './aggregateStatistics.js';
import { trainedVersion } from './aggregateTraining.js';
import { combineUpdates } from './aggregationRules/combineUpdates.js';
import { singleUpdates } from './aggregationRules/singleUpdate.js';
import { weightedMean } from './aggregationRules/weightedMean.js';
import { element } from './histogramMetrics.js';
import { initialVersion } from './initialWeights.js';
import { testResult, validationResult } from './roundResult.js';
import { readVersion, writeVersion } from './versionFile.js';

type RoundVectors = Parameters<Arithmetic['aggregate']>[0];
type Made =
  | Readonly<{ reason: NoVersionReason }>
  | Readonly<{ file: Uint8Array; result: RoundResult; scores?: readonly UpdateScore[] }>;
type UpdateSlices = NonNullable<VectorLayout['update']>;
/** What the aggregation rule gave. */
type Combined = Readonly<{
  weight: number;
  updateOf: (slice: Slice) => Float64Array;
  scores?: readonly UpdateScore[];
}>;

export const roundArithmetic: Arithmetic = { initialVersion, aggregate };

/**
 * @throws ConsiliumError VECTOR_LENGTH_WRONG, VERSION_FILE_INVALID
 */
function aggregate(round: RoundVectors): Aggregated {
  const layout = vectorLayout(round.protocol, round.kind);
  const { sum } = round;
  for (const length of [sum.length, ...[...round.vectors.values()].map((bytes) => bytes.length / 4)])
    if (length !== layout.length)
      throw refusal('VECTOR_LENGTH_WRONG', { round: round.round, expected: layout.length, found: length });
  const sumDigest = sha256(vectorBytes(sum));
  const made = versionMade(round, layout, sum);
  if ('reason' in made)
    return { sumDigest, file: undefined, outcome: { kind: 'none', reason: made.reason, sumDigest } };
  const { file, result, scores } = made;
  const outcome = { kind: 'version' as const, digest: sha256(file), sumDigest, result };
  return { sumDigest, file, outcome, ...(scores ? { scores } : {}) };
}

function versionMade(
  { protocol, kind, round, base, vectors }: RoundVectors,
  layout: VectorLayout,
  sum: Int32Array,
): Made {
  switch (kind) {
    case 'statistics': {
      const made = statisticsMade(protocol, layout.statistics as NonNullable<VectorLayout['statistics']>, sum);
      if ('reason' in made) return made;
      const content = readVersion(protocol, base);
      const file = made.statistics ? writeVersion(protocol, { ...content, statistics: made.statistics }) : base;
      return { file, result: made.result };
    }
    case 'training': {
      const slices = layout.update as UpdateSlices;
      const combined = needsSingleUpdates(protocol.aggregation)
        ? combinedSingles(protocol, slices, vectors)
        : combinedSum(protocol, slices, sum);
      if ('reason' in combined) return combined;
      const { weight, updateOf, scores } = combined;
      const content = trainedVersion(protocol, round, readVersion(protocol, base), slices, updateOf);
      const result = { weight, ...validationResult(protocol, layout, sum) };
      return { file: writeVersion(protocol, content), result, ...(scores ? { scores } : {}) };
    }
    case 'evaluation':
      return {
        file: base,
        result: { ...validationResult(protocol, layout, sum), ...testResult(protocol, layout, sum) },
      };
  }
}

function combinedSum(
  protocol: StudyProtocol,
  slices: UpdateSlices,
  sum: Int32Array,
): Combined | Readonly<{ reason: NoVersionReason }> {
  const weight = element(sum, slices.weight);
  if (weight <= 0) return { reason: 'ZERO_WEIGHT' };
  const scale = updateScale(protocol);
  const updateOf = ({ start, length }: Slice) => weightedMean(sum.subarray(start, start + length), scale, weight);
  return { weight, updateOf };
}

/** Statistics and evaluation stay sums under every rule: what a dishonest hospital says there is shown, not hidden. */
function combinedSingles(
  protocol: StudyProtocol,
  slices: UpdateSlices,
  vectors: RoundVectors['vectors'],
): Combined | Readonly<{ reason: NoVersionReason }> {
  const updates = singleUpdates(protocol, vectors, slices);
  if (updates.every(({ weight }) => weight === 0)) return { reason: 'ZERO_WEIGHT' };
  const combined = combineUpdates(protocol.aggregation, updates, slices.all.length);
  if (!combined) return { reason: 'TOO_FEW_UPDATES' };
  const { update, weight, scores } = combined;
  return { weight, updateOf: ({ start, length }) => update.subarray(start, start + length), scores };
}

function sha256(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest;
}
