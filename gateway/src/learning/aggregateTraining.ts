/** What a training round's updates come to, as the next version. */
import type { Slice, StudyProtocol, VectorLayout } from '@consilium/domain';
import type { Moment, Moments } from './serverOptimisers/serverAlgorithm.js';
import { serverAlgorithm } from './serverOptimisers/serverAlgorithms.js';
import type { VersionContent } from './versionFile.js';

type UpdateSlices = NonNullable<VectorLayout['update']>;

/**
 * w_new = w_base + serverStep(update). Statistics are handed on; from round `averageFrom` on the new weights are added to
 * the running sum.
 *
 * @param updateOf what the aggregation rule gave for a run of elements
 */
export function trainedVersion(
  protocol: StudyProtocol,
  round: number,
  base: VersionContent,
  { tensors }: UpdateSlices,
  updateOf: (slice: Slice) => Float64Array,
): VersionContent {
  const algorithm = serverAlgorithm(protocol.aggregation.server);
  const weights = new Map<string, Float32Array>();
  const optimiser = new Map<string, Moments>();
  for (const { tensor, slice } of tensors) {
    const before = base.weights.get(tensor.name) as Float32Array;
    const moments: Partial<Record<Moment, Float64Array>> = {};
    for (const moment of algorithm.moments)
      moments[moment] =
        base.optimiser?.get(tensor.name)?.[moment]?.slice() ??
        new Float64Array(slice.length).fill(algorithm.start(moment));
    weights.set(tensor.name, algorithm.step(before, updateOf(slice), moments));
    optimiser.set(tensor.name, moments);
  }
  const average = nextAverage(protocol, round, base.average, weights);
  return {
    weights,
    optimiser,
    ...(base.statistics ? { statistics: base.statistics } : {}),
    ...(average ? { average } : {}),
  };
}

function nextAverage(
  { averageFrom }: StudyProtocol,
  round: number,
  before: VersionContent['average'],
  weights: ReadonlyMap<string, Float32Array>,
): VersionContent['average'] {
  if (averageFrom === undefined || round < averageFrom) return before;
  const sums = new Map<string, Float64Array>();
  for (const [name, values] of weights) {
    const sum = before?.sums.get(name)?.slice() ?? new Float64Array(values.length);
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (values[i] as number);
    sums.set(name, sum);
  }
  return { count: (before?.count ?? 0) + 1, sums };
}

/**
 * What would be released of a version: the mean of the versions from `averageFrom` on, where the file holds their sum, else
 * its weights.
 */
export function releasedWeights({ weights, average }: VersionContent): ReadonlyMap<string, Float32Array> {
  if (!average) return weights;
  return new Map(
    [...average.sums].map(([name, sums]) => [name, Float32Array.from(sums, (sum) => sum / average.count)]),
  );
}
