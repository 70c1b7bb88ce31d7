/** One hospital's update as the robust rules look at it. */
import { type Msp, type Slice, type StudyProtocol, updateScale } from '@consilium/domain';
import { vectorOf } from '../../privacy/fixedPoint.js';

/** What sums of squares over the largest model can be off by, relatively: an honest update is never taken for a longer one. */
const NORM_TOLERANCE = 2 ** -20;

export type SingleUpdate = Readonly<{
  msp: Msp;
  /** As integers, as they were sent: `quantise(weight * update)`. */
  elements: Int32Array;
  weightSent: number;
  /** As it counts: within 1 and what the protocol lets a hospital count; 0 where 0 was sent, a hospital without patients. */
  weight: number;
  /** What an element is divided by: the study's scale times the weight. */
  divisor: number;
  /** L2 norm of the update as it was sent. */
  norm: number;
  /** 1 for an update within the clip norm; else what every value is multiplied by, so that it is. */
  clipFactor: number;
}>;

/**
 * Reads each hospital's part of a training round, in the byte order of MSP ids. An update that is longer than the protocol
 * lets one be is scaled down to the clip norm here, in every hospital alike, whatever its sender did.
 */
export function singleUpdates(
  protocol: StudyProtocol,
  vectors: ReadonlyMap<Msp, Uint8Array>,
  { all, weight }: Readonly<{ all: Slice; weight: Slice }>,
): SingleUpdate[] {
  const scale = updateScale(protocol);
  const { weights, weightMax, clipNorm } = protocol.aggregation;
  const most = weights === 'equal' ? 1 : weightMax;
  return [...vectors.keys()].sort().map((msp) => {
    const vector = vectorOf(vectors.get(msp) as Uint8Array);
    const elements = vector.subarray(all.start, all.start + all.length);
    const weightSent = vector[weight.start] as number;
    const taken = weightSent === 0 ? 0 : Math.min(Math.max(weightSent, 1), most);
    const divisor = scale * Math.max(taken, 1);
    const norm = normOf(elements, divisor);
    // Each element may have been rounded by one half.
    const longest = clipNorm * (1 + NORM_TOLERANCE) + Math.sqrt(elements.length) / 2 / divisor;
    const clipFactor = norm > longest ? clipNorm / norm : 1;
    return { msp, elements, weightSent, weight: taken, divisor, norm, clipFactor };
  });
}

/** An element of the update as a real number. */
export function valueAt({ elements, divisor, clipFactor }: SingleUpdate, index: number): number {
  return ((elements[index] as number) / divisor) * clipFactor;
}

/** Square of the L2 norm of the difference, added in index order. */
export function squaredDistance(update: SingleUpdate, other: (index: number) => number): number {
  let sum = 0;
  for (let i = 0; i < update.elements.length; i++) {
    const difference = valueAt(update, i) - other(i);
    sum += difference * difference;
  }
  return sum;
}

/** The mean of updates, each counted once: added in the order given, then divided. */
export function meanOf(updates: readonly SingleUpdate[], length: number): Float64Array {
  const mean = new Float64Array(length);
  for (const update of updates) for (let i = 0; i < length; i++) mean[i] = (mean[i] as number) + valueAt(update, i);
  for (let i = 0; i < length; i++) mean[i] = (mean[i] as number) / updates.length;
  return mean;
}

function normOf(elements: Int32Array, divisor: number): number {
  let squares = 0;
  for (let i = 0; i < elements.length; i++) {
    const value = (elements[i] as number) / divisor;
    squares += value * value;
  }
  return Math.sqrt(squares);
}
