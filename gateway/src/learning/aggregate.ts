/** The arithmetic of a round: from the survivors' vectors to the outcome that is attested, the same bytes in every hospital. */
import { createHash } from 'node:crypto';
import {
  type Digest,
  type NoVersionReason,
  type RoundResult,
  refusal,
  type VectorLayout,
  vectorLayout,
} from '@consilium/domain';
import type { Aggregated, Arithmetic } from '../agent/ports.js';
import { sumVectors, vectorBytes } from '../privacy/fixedPoint.js';
import { statisticsMade } from './aggregateStatistics.js';
import { trainedVersion } from './aggregateTraining.js';
import { element } from './histogramMetrics.js';
import { initialVersion } from './initialWeights.js';
import { testResult, validationResult } from './roundResult.js';
import { readVersion, writeVersion } from './versionFile.js';

type RoundVectors = Parameters<Arithmetic['aggregate']>[0];
type Made = Readonly<{ reason: NoVersionReason }> | Readonly<{ file: Uint8Array; result: RoundResult }>;

export const roundArithmetic: Arithmetic = { initialVersion, aggregate };

/**
 * @throws ConsiliumError VECTOR_LENGTH_WRONG, VERSION_FILE_INVALID
 */
function aggregate(round: RoundVectors): Aggregated {
  const layout = vectorLayout(round.protocol, round.kind);
  for (const { length } of round.vectors.values())
    if (length !== 4 * layout.length)
      throw refusal('VECTOR_LENGTH_WRONG', { round: round.round, expected: layout.length, found: length / 4 });
  const sum = sumVectors(round.vectors.values(), layout.length);
  const sumDigest = sha256(vectorBytes(sum));
  const made = versionMade(round, layout, sum);
  if ('reason' in made)
    return { sumDigest, file: undefined, outcome: { kind: 'none', reason: made.reason, sumDigest } };
  const { file, result } = made;
  return { sumDigest, file, outcome: { kind: 'version', digest: sha256(file), sumDigest, result } };
}

function versionMade({ protocol, kind, round, base }: RoundVectors, layout: VectorLayout, sum: Int32Array): Made {
  switch (kind) {
    case 'statistics': {
      const made = statisticsMade(protocol, layout.statistics as NonNullable<VectorLayout['statistics']>, sum);
      if ('reason' in made) return made;
      const content = readVersion(protocol, base);
      const file = made.statistics ? writeVersion(protocol, { ...content, statistics: made.statistics }) : base;
      return { file, result: made.result };
    }
    case 'training': {
      const slices = layout.update as NonNullable<VectorLayout['update']>;
      const weight = element(sum, slices.weight);
      if (weight <= 0) return { reason: 'ZERO_WEIGHT' };
      const content = trainedVersion(protocol, round, readVersion(protocol, base), slices, sum, weight);
      return { file: writeVersion(protocol, content), result: { weight, ...validationResult(protocol, layout, sum) } };
    }
    case 'evaluation':
      return {
        file: base,
        result: { ...validationResult(protocol, layout, sum), ...testResult(protocol, layout, sum) },
      };
  }
}

function sha256(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest;
}
