/**
 * Weighted mean: McMahan, Moore, Ramage, Hampson and Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from
 * Decentralized Data", AISTATS 2017, arXiv 1602.05629, algorithm 1. The one rule that needs nothing but the sum, so it is
 * the one of private mode.
 *
 * update = sum of v_i / S / (sum of w_i), v_i = quantise(w_i * update_i) as sent
 */

/** @param sum of all hospitals' vectors, the part of the update */
export function weightedMean(sum: Int32Array, scale: number, weight: number): Float64Array {
  const update = new Float64Array(sum.length);
  for (let i = 0; i < update.length; i++) update[i] = (sum[i] as number) / scale / weight;
  return update;
}
