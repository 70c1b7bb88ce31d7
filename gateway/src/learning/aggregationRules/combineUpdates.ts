/** The rule that a protocol names, and how far each hospital's update is from what it gives. */
import { type RuleSettings, updatesNeeded } from '@consilium/domain';
import type { UpdateScore } from '../../agent/ports.js';
import type { Combine } from './combination.js';
import { coordinateMedian } from './coordinateMedian.js';
import { geometricMedian } from './geometricMedian.js';
import { krum } from './krum.js';
import { multiKrum } from './multiKrum.js';
import { normClippedMean } from './normClippedMean.js';
import { type SingleUpdate, squaredDistance } from './singleUpdate.js';
import { trimmedMean } from './trimmedMean.js';

export type Combined = Readonly<{
  /** `[elements]` */
  update: Float64Array;
  /** Sum of the weights that counted. */
  weight: number;
  scores: readonly UpdateScore[];
}>;

/**
 * @param updates in the byte order of MSP ids
 * @returns undefined where fewer hospitals with patients gave an update than the rule needs
 */
export function combineUpdates(
  settings: RuleSettings,
  updates: readonly SingleUpdate[],
  length: number,
): Combined | undefined {
  const counted = updates.filter(({ weight }) => weight > 0);
  if (counted.length < updatesNeeded(settings)) return undefined;
  const { update, krumScores, chosen } = combination(settings)(counted, length);
  const scores = updates.map((single): UpdateScore => {
    const index = counted.indexOf(single);
    const krumScore = krumScores?.[index];
    const { msp, weightSent, weight, norm, clipFactor } = single;
    const distance = Math.sqrt(squaredDistance(single, (i) => update[i] as number));
    return {
      msp,
      weightSent,
      weight,
      norm,
      clipFactor,
      distance,
      ...(krumScore === undefined ? {} : { krumScore }),
      ...(chosen && index >= 0 ? { chosen: chosen.includes(index) } : {}),
    };
  });
  return { update, weight: counted.reduce((sum, { weight }) => sum + weight, 0), scores };
}

function combination({ rule, dishonestMax = 0, trim = 0, selected }: RuleSettings): Combine {
  switch (rule) {
    case 'coordinate-median':
      return coordinateMedian;
    case 'trimmed-mean':
      return trimmedMean(trim);
    case 'krum':
      return krum(dishonestMax);
    case 'multi-krum':
      return multiKrum(dishonestMax, selected);
    case 'geometric-median':
      return geometricMedian;
    case 'norm-clipped-mean':
      return normClippedMean;
    case 'weighted-mean':
      throw new Error('the weighted mean is made of the sum, not of single updates');
  }
}
