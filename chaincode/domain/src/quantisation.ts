/** Scales at which real numbers become 32-bit integers, so that sums over all hospitals are exact and cannot overflow. */
import { LOSS_PER_PATIENT_MAX, SCALE_MIN } from './limits.js';
import type { StudyProtocol } from './study.js';

const SUM_MAX = 2 ** 31 - 1;

/** The largest power of two s with `members * (bound * s + 1) <= 2^31 - 1`. */
function largestScale(members: number, bound: number): number {
  const fits = (scale: number) => members * (bound * scale + 1) <= SUM_MAX;
  // By doubling and halving, which are exact: a logarithm rounds to the wrong power just below one.
  let scale = 1;
  while (fits(2 * scale)) scale *= 2;
  while (!fits(scale)) scale /= 2;
  return scale;
}

/**
 * S: an update's values times the hospital's weight are multiplied by this. At least 2^10.
 * @throws RangeError where N, weightMax and clipNorm leave less
 */
export function updateScale(protocol: Pick<StudyProtocol, 'members' | 'aggregation'>): number {
  const { weightMax, clipNorm } = protocol.aggregation;
  const scale = largestScale(protocol.members.length, weightMax * clipNorm);
  if (scale < SCALE_MIN)
    throw new RangeError(
      `weightMax ${weightMax} times clipNorm ${clipNorm} over ${protocol.members.length} hospitals leaves a scale of ${scale}, at least ${SCALE_MIN} is needed: lower one of them`,
    );
  return scale;
}

/**
 * L: a hospital's summed loss is multiplied by this.
 * @throws RangeError where patientsMax leaves less than 1
 */
export function lossScale(protocol: Pick<StudyProtocol, 'members' | 'patientsMax'>): number {
  return totalScale(protocol, LOSS_PER_PATIENT_MAX);
}

/** Scale of the sums in a statistics round, where each patient counts at most 1. */
export function statisticsScale(protocol: Pick<StudyProtocol, 'members' | 'patientsMax'>): number {
  return totalScale(protocol, 1);
}

function totalScale(protocol: Pick<StudyProtocol, 'members' | 'patientsMax'>, perPatient: number): number {
  const scale = largestScale(protocol.members.length, protocol.patientsMax * perPatient);
  if (scale < 1)
    throw new RangeError(
      `patientsMax ${protocol.patientsMax} over ${protocol.members.length} hospitals overflows the sum: lower it`,
    );
  return scale;
}
