/**
 * Real numbers as 32-bit integers, so that sums over hospitals are exact: the same in every order, on every machine, and
 * with masks or without.
 */
import { refusal } from '@consilium/domain';

const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * floor(x * scale + 0.5), on doubles.
 * @throws RangeError for NaN and Infinity
 */
export function quantise(value: number, scale: number): number {
  const quantised = Math.floor(value * scale + 0.5);
  if (!Number.isFinite(quantised)) throw new RangeError(`${value} has no fixed-point form`);
  return quantised;
}

/** What `quantise` made a number of, give or take half of 1/scale. */
export function dequantise(quantised: number, scale: number): number {
  return quantised / scale;
}

/**
 * A total over this hospital's patients, quantised once.
 * @param bound the largest magnitude that the study's scale leaves room for
 * @throws ConsiliumError UPDATE_OVERFLOWS beyond the bound, for NaN and for Infinity
 */
export function quantiseTotal(total: number, bound: number, scale: number): number {
  if (!(Math.abs(total) <= bound))
    throw refusal('UPDATE_OVERFLOWS', { problem: `a total of ${total} is beyond ${bound}: raise patientsMax` });
  return quantise(total, scale);
}

/** How an update becomes integers; see the domain's `updateScale`. */
export type UpdateRules = Readonly<{
  /** Named in the error for NaN. */
  round: number;
  /** w: what each value is multiplied by, from 0 to weightMax. */
  weight: number;
  weightMax: number;
  /** C: the L2 norm that the update is scaled down to before anything else. */
  clipNorm: number;
  /** S. */
  scale: number;
}>;

export type UpdateQuantised = Readonly<{
  /** L2 norm before clipping. */
  norm: number;
  clipped: boolean;
}>;

/**
 * Writes quantise(weight * clipped(trained - base)) into `out`, tensor by tensor in the order given. No copy of the update
 * is made: its memory is that of `out`.
 *
 * @param out as many elements as all tensors together
 * @throws ConsiliumError TRAINING_NOT_FINITE for NaN and Infinity; UPDATE_OVERFLOWS where |weight * x| > weightMax * C
 */
export function quantiseUpdate(
  trained: readonly Float32Array[],
  base: readonly Float32Array[],
  rules: UpdateRules,
  out: Int32Array,
): UpdateQuantised {
  const { weight, clipNorm, scale } = rules;
  const norm = updateNorm(trained, base);
  if (!Number.isFinite(norm)) throw refusal('TRAINING_NOT_FINITE', { round: rules.round });
  const clipped = norm > clipNorm;
  const factor = clipped ? clipNorm / norm : 1;
  const bound = rules.weightMax * clipNorm;
  let at = 0;
  for (const [k, after] of trained.entries()) {
    const before = base[k] as Float32Array;
    for (let i = 0; i < after.length; i++) {
      const scaled = ((after[i] as number) - (before[i] as number)) * factor;
      // Rounding may leave the largest element of a clipped update one unit in the last place beyond C.
      const value = weight * Math.min(clipNorm, Math.max(-clipNorm, scaled));
      if (!(value <= bound && value >= -bound))
        throw refusal('UPDATE_OVERFLOWS', { problem: `${value} is beyond weightMax * clipNorm = ${bound}` });
      out[at++] = Math.floor(value * scale + 0.5);
    }
  }
  return { norm, clipped };
}

function updateNorm(trained: readonly Float32Array[], base: readonly Float32Array[]): number {
  let squares = 0;
  for (const [k, after] of trained.entries()) {
    const before = base[k] as Float32Array;
    for (let i = 0; i < after.length; i++) {
      const difference = (after[i] as number) - (before[i] as number);
      squares += difference * difference;
    }
  }
  return Math.sqrt(squares);
}

/** A vector as it travels: little-endian int32. The bytes may share memory with the vector. */
export function vectorBytes(vector: Int32Array): Uint8Array {
  if (LITTLE_ENDIAN) return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  const bytes = new Uint8Array(vector.byteLength);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < vector.length; i++) view.setInt32(4 * i, vector[i] as number, true);
  return bytes;
}

/**
 * A vector from its bytes, with which it may share memory.
 * @throws RangeError where the length is no multiple of 4
 */
export function vectorOf(bytes: Uint8Array): Int32Array {
  if (bytes.length % 4 !== 0) throw new RangeError(`${bytes.length} bytes are no vector of int32`);
  if (LITTLE_ENDIAN && bytes.byteOffset % 4 === 0)
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const vector = new Int32Array(bytes.length / 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < vector.length; i++) vector[i] = view.getInt32(4 * i, true);
  return vector;
}

/**
 * Adds a run of a vector's elements to a sum modulo 2^32, in place: so a vector can be added as it is read.
 * @param at the element of the sum that the first one is added to
 * @throws RangeError beyond the sum's end, and where the bytes are no whole elements
 */
export function addElements(sum: Int32Array, bytes: Uint8Array, at: number): void {
  const elements = vectorOf(bytes);
  if (at + elements.length > sum.length)
    throw new RangeError(`${elements.length} elements from ${at} on are beyond a sum of ${sum.length}`);
  // Storing into an Int32Array takes the sum modulo 2^32.
  for (let i = 0; i < elements.length; i++) sum[at + i] = (sum[at + i] as number) + (elements[i] as number);
}

/**
 * Sum of vectors modulo 2^32, as int32: exact wherever the scales of the protocol were kept.
 * @throws RangeError where a vector has another length
 */
export function sumVectors(vectors: Iterable<Uint8Array>, length: number): Int32Array {
  const sum = new Int32Array(length);
  for (const bytes of vectors) {
    if (bytes.length !== 4 * length) throw new RangeError(`a vector of ${bytes.length / 4} elements, not ${length}`);
    addElements(sum, bytes, 0);
  }
  return sum;
}
