/**
 * What differential privacy costs: a Rényi accountant at integer orders for the Gaussian mechanism on a Poisson sample.
 *
 * Mironov, Talwar and Zhang, "Rényi Differential Privacy of the Sampled Gaussian Mechanism", 2019, arXiv 1908.10530,
 * section 3.3, for one step at order a:
 *   RDP(a) = ln(sum over k of C(a,k) (1-q)^(a-k) q^k e^((k² - k) / (2 sigma²))) / (a - 1);  q = 1: a / (2 sigma²)
 * Balle, Barthe, Gaboardi, Hsu and Sato, "Hypothesis Testing Interpretations and Rényi Differential Privacy", AISTATS 2020,
 * arXiv 1905.09982, theorem 21, over T steps:
 *   epsilon = min over a of T RDP(a) + ln(1 - 1/a) - ln(delta a) / (a - 1)
 *
 * An upper bound: a finer accountant gives less. Neighbours differ by one patient who is there or is not.
 */

export const ORDER_MIN = 2;
export const ORDER_MAX = 256;
/** A target that takes more noise than this is no use to anybody. */
export const NOISE_MULTIPLIER_MAX = 100_000;
export const NOISE_MULTIPLIER_MIN = 0.01;
/** Noise multipliers that are searched for are whole numbers of this, rounded up. */
export const NOISE_PRECISION = 1e-6;
const NOISE_STEPS = 1e6;

/** One step of DP-SGD. */
export type PrivateStep = Readonly<{
  /** q, the probability that a patient is in a step: above 0, at most 1 (everybody, always). */
  samplingRate: number;
  /** sigma: the noise's standard deviation by the clip norm. */
  noiseMultiplier: number;
}>;

export type PrivacySpent = Readonly<{ epsilon: number; order: number }>;

/**
 * Rényi divergence bound of one step, for orders ORDER_MIN to ORDER_MAX in turn.
 * @throws RangeError outside what the settings allow
 */
export function stepDivergences({ samplingRate: q, noiseMultiplier: sigma }: PrivateStep): Float64Array {
  if (!(q > 0 && q <= 1)) throw new RangeError(`a sampling rate is above 0 and at most 1, not ${q}`);
  if (!(sigma >= NOISE_MULTIPLIER_MIN && sigma <= NOISE_MULTIPLIER_MAX))
    throw new RangeError(`a noise multiplier is ${NOISE_MULTIPLIER_MIN} to ${NOISE_MULTIPLIER_MAX}, not ${sigma}`);
  return Float64Array.from({ length: ORDER_MAX - ORDER_MIN + 1 }, (_, k) => stepDivergence(q, sigma, ORDER_MIN + k));
}

function stepDivergence(q: number, sigma: number, order: number): number {
  const variance = sigma * sigma;
  if (q === 1) return order / (2 * variance);
  const [inside, outside] = [Math.log(q), Math.log1p(-q)];
  const logs = new Float64Array(order + 1);
  let logBinomial = 0;
  for (let k = 0; k <= order; k++) {
    if (k > 0) logBinomial += Math.log((order - k + 1) / k);
    logs[k] = logBinomial + (order - k) * outside + k * inside + (k * k - k) / (2 * variance);
  }
  return Math.max(0, logSumExp(logs)) / (order - 1);
}

function logSumExp(logs: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const log of logs) most = Math.max(most, log);
  let sum = 0;
  for (const log of logs) sum += Math.exp(log - most);
  return most + Math.log(sum);
}

/**
 * What is spent after so many steps.
 * @param delta above 0, below 1
 * @throws RangeError
 */
export function privacySpent(step: PrivateStep, steps: number, delta: number): PrivacySpent {
  return spentOf(stepDivergences(step), steps, delta);
}

function spentOf(divergences: Float64Array, steps: number, delta: number): PrivacySpent {
  if (!(Number.isSafeInteger(steps) && steps >= 0)) throw new RangeError(`${steps} is no number of steps`);
  if (!(delta > 0 && delta < 1)) throw new RangeError(`a delta is above 0 and below 1, not ${delta}`);
  if (steps === 0) return { epsilon: 0, order: ORDER_MIN };
  let best: PrivacySpent = { epsilon: Number.POSITIVE_INFINITY, order: ORDER_MIN };
  for (const [k, divergence] of divergences.entries()) {
    const order = ORDER_MIN + k;
    const epsilon = steps * divergence + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1);
    if (epsilon < best.epsilon) best = { epsilon: Math.max(0, epsilon), order };
  }
  return best;
}

export type PrivacyTarget = Readonly<{ epsilon: number; delta: number; samplingRate: number; steps: number }>;

/**
 * The least noise multiplier that keeps within a target, rounded up to the sixth decimal.
 * @throws RangeError where no multiplier from NOISE_MULTIPLIER_MIN to NOISE_MULTIPLIER_MAX does
 */
export function noiseMultiplierFor({ epsilon, delta, samplingRate, steps }: PrivacyTarget): number {
  if (!(epsilon > 0)) throw new RangeError(`an epsilon is above 0, not ${epsilon}`);
  const keeps = (noiseMultiplier: number) =>
    privacySpent({ samplingRate, noiseMultiplier }, steps, delta).epsilon <= epsilon;
  if (!keeps(NOISE_MULTIPLIER_MAX))
    throw new RangeError(
      `no noise keeps ${steps} steps within epsilon ${epsilon} at delta ${delta}: the accountant's orders end at ${ORDER_MAX}`,
    );
  let [below, enough] = [NOISE_MULTIPLIER_MIN * NOISE_STEPS, NOISE_MULTIPLIER_MAX * NOISE_STEPS];
  if (keeps(below / NOISE_STEPS)) return below / NOISE_STEPS;
  while (enough - below > 1) {
    const middle = Math.floor((below + enough) / 2);
    if (keeps(middle / NOISE_STEPS)) enough = middle;
    else below = middle;
  }
  return enough / NOISE_STEPS;
}

/**
 * What a hospital has spent after its first, second, … round, in millionths of epsilon, rounded up.
 * @param stepsPerRound local steps in a round
 * @throws RangeError
 */
export function spentMicroEpsilonAfterRounds(
  step: PrivateStep,
  delta: number,
  stepsPerRound: number,
  rounds: number,
): number[] {
  const divergences = stepDivergences(step);
  return Array.from({ length: rounds }, (_, k) =>
    Math.ceil(spentOf(divergences, (k + 1) * stepsPerRound, delta).epsilon * 1e6),
  );
}
