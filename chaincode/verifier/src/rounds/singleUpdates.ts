/**
 * Aggregation rules that look at each hospital's update (open mode), a second time: coordinate median and trimmed mean
 * (arXiv 1803.01498), Krum and multi-Krum (arXiv 1703.02757), geometric median by the smoothed Weiszfeld iteration
 * (arXiv 1912.13445), norm-clipped weighted mean (arXiv 1911.07963). Hospitals in the byte order of their MSP ids, sums in
 * the order of indices, ties to the lower MSP id.
 */
import { GEOMETRIC_MEDIAN_STEPS, type StudyProtocol, updateScale, updatesNeeded } from '@consilium/domain';

/** An update counts as within the clip norm up to what rounding may add to its norm. */
const NORM_TOLERANCE = 2 ** -20;
const WEISZFELD_SMOOTHING = 1e-6;

export type SingleUpdate = Readonly<{ elements: Int32Array; weight: number }>;
/** As the rules see it: real values, brought within the clip norm. */
type Update = Readonly<{ values: Float64Array; elements: Int32Array; weight: number; factor: number; divisor: number }>;
export type Combined = Readonly<{ update: Float64Array; weight: number }>;

/**
 * @param sent of each hospital, in the byte order of MSP ids
 * @returns why there is no version, where there is none
 */
export function combined(
  protocol: StudyProtocol,
  sent: readonly SingleUpdate[],
): Combined | 'ZERO_WEIGHT' | 'TOO_FEW_UPDATES' {
  const updates = sent.filter(({ weight }) => weight !== 0).map((each) => asCounted(protocol, each));
  if (updates.length === 0) return 'ZERO_WEIGHT';
  if (updates.length < updatesNeeded(protocol.aggregation)) return 'TOO_FEW_UPDATES';
  const weight = updates.reduce((sum, each) => sum + each.weight, 0);
  return { update: byRule(protocol, updates, weight), weight };
}

function asCounted(protocol: StudyProtocol, { elements, weight: sent }: SingleUpdate): Update {
  const { weights, weightMax, clipNorm } = protocol.aggregation;
  const weight = Math.min(Math.max(sent, 1), weights === 'equal' ? 1 : weightMax);
  const divisor = updateScale(protocol) * weight;
  const values = Float64Array.from(elements, (element) => element / divisor);
  const norm = Math.sqrt(values.reduce((squares, value) => squares + value * value, 0));
  const longest = clipNorm * (1 + NORM_TOLERANCE) + Math.sqrt(elements.length) / 2 / divisor;
  const factor = norm > longest ? clipNorm / norm : 1;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * factor;
  return { values, elements, weight, factor, divisor };
}

function byRule({ aggregation }: StudyProtocol, updates: readonly Update[], weight: number): Float64Array {
  const { rule, trim = 0, dishonestMax = 0, selected } = aggregation;
  const most = updates.length - dishonestMax - 2;
  switch (rule) {
    case 'coordinate-median':
      return byCoordinate(updates, middleOf);
    case 'trimmed-mean':
      return byCoordinate(updates, (sorted) => meanOf(sorted.subarray(trim, sorted.length - trim)));
    case 'krum':
      return closest(updates, most)[0]?.values.slice() as Float64Array;
    case 'multi-krum': {
      const taken = closest(updates, most).slice(0, Math.min(selected ?? most, most));
      return meanUpdate(updates.filter((each) => taken.includes(each)));
    }
    case 'geometric-median':
      return geometricMedian(updates);
    case 'norm-clipped-mean':
      return clippedMean(updates, weight);
    case 'weighted-mean':
      throw new Error('the weighted mean follows from the sum alone');
  }
}

function byCoordinate(updates: readonly Update[], reduce: (sorted: Float64Array) => number): Float64Array {
  const [first] = updates as [Update, ...Update[]];
  return first.values.map((_, i) => reduce(Float64Array.from(updates, ({ values }) => values[i] as number).sort()));
}

function middleOf(sorted: Float64Array): number {
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function meanUpdate(updates: readonly Update[]): Float64Array {
  const [first] = updates as [Update, ...Update[]];
  return first.values.map(
    (_, i) => updates.reduce((sum, { values }) => sum + (values[i] as number), 0) / updates.length,
  );
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => {
    const difference = value - (b[i] as number);
    return sum + difference * difference;
  }, 0);
}

/** From the lowest Krum score on: the sum of the squared distances to so many of the closest others. */
function closest(updates: readonly Update[], neighbours: number): Update[] {
  const scored = updates.map((each, k) => {
    const distances = updates.flatMap((other, j) =>
      j === k ? [] : [j > k ? squaredDistance(each.values, other.values) : squaredDistance(other.values, each.values)],
    );
    const counted = distances.sort((a, b) => a - b).slice(0, neighbours);
    return { each, k, score: counted.reduce((sum, distance) => sum + distance, 0) };
  });
  return scored.sort((a, b) => a.score - b.score || a.k - b.k).map(({ each }) => each);
}

function geometricMedian(updates: readonly Update[]): Float64Array {
  let centre = meanUpdate(updates);
  for (let step = 0; step < GEOMETRIC_MEDIAN_STEPS; step++) {
    const pulls = updates.map(
      ({ values }) => 1 / Math.max(WEISZFELD_SMOOTHING, Math.sqrt(squaredDistance(values, centre))),
    );
    const all = pulls.reduce((sum, pull) => sum + pull, 0);
    centre = centre.map((at, i) => {
      const move = updates.reduce((sum, { values }, k) => sum + (pulls[k] as number) * ((values[i] as number) - at), 0);
      return at + move / all;
    });
  }
  return centre;
}

/** Of the integers as they were sent, so that what is not clipped is rounded no more often than the weighted mean is. */
function clippedMean(updates: readonly Update[], weight: number): Float64Array {
  const [first] = updates as [Update, ...Update[]];
  const scale = first.divisor / first.weight;
  return Float64Array.from(
    first.elements,
    (_, i) => updates.reduce((sum, { elements, factor }) => sum + factor * (elements[i] as number), 0) / scale / weight,
  );
}
