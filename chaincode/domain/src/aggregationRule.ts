/** How a round's single updates become one, and what each rule asks of a study. */
import { z } from 'zod';
import { type ConsiliumError, refusal } from './errors.js';
import { HOSPITALS_PER_STUDY_MAX } from './limits.js';

/** All but `weighted-mean` look at each hospital's update by itself, so they exclude masks. */
export const AggregationRule = z.enum([
  'weighted-mean',
  'coordinate-median',
  'trimmed-mean',
  'krum',
  'multi-krum',
  'geometric-median',
  'norm-clipped-mean',
]);
export type AggregationRule = z.infer<typeof AggregationRule>;

const Hospitals = z.int().min(1).max(HOSPITALS_PER_STUDY_MAX);

/** What the rules are set by. Each belongs to the rules that it names, and to no other. */
export const ruleSettings = {
  /** krum, multi-krum: f, hospitals that may be dishonest. A round then takes 2f+3 updates. */
  dishonestMax: Hospitals.optional(),
  /** trimmed-mean: lowest values that are left out of each coordinate, and as many highest. A round takes 2*trim+1 updates. */
  trim: Hospitals.optional(),
  /** multi-krum: updates that are averaged; absent: n-f-2 of a round's n. */
  selected: Hospitals.optional(),
};

export type RuleSettings = Readonly<{
  rule: AggregationRule;
  dishonestMax?: number | undefined;
  trim?: number | undefined;
  selected?: number | undefined;
}>;

type Setting = keyof typeof ruleSettings;

const SETTINGS: Readonly<
  Record<AggregationRule, Readonly<{ needed: readonly Setting[]; allowed: readonly Setting[] }>>
> = {
  'weighted-mean': { needed: [], allowed: [] },
  'coordinate-median': { needed: [], allowed: [] },
  'trimmed-mean': { needed: ['trim'], allowed: ['trim'] },
  krum: { needed: ['dishonestMax'], allowed: ['dishonestMax'] },
  'multi-krum': { needed: ['dishonestMax'], allowed: ['dishonestMax', 'selected'] },
  'geometric-median': { needed: [], allowed: [] },
  'norm-clipped-mean': { needed: [], allowed: [] },
};

/** Whether a rule must see each hospital's update, not only their sum. */
export function needsSingleUpdates({ rule }: RuleSettings): boolean {
  return rule !== 'weighted-mean';
}

/** Updates of hospitals with patients that a rule needs in a round. */
export function updatesNeeded({ rule, dishonestMax = 0, trim = 0 }: RuleSettings): number {
  switch (rule) {
    case 'krum':
    case 'multi-krum':
      return 2 * dishonestMax + 3;
    case 'trimmed-mean':
      return 2 * trim + 1;
    default:
      return 1;
  }
}

/**
 * @param members hospitals of the study
 * @param mode of the study: masks hide single updates
 * @throws ConsiliumError PROTOCOL_RULE_UNSUITABLE with the reason
 */
export function requireSuitableRule(settings: RuleSettings, members: number, mode: 'open' | 'private'): void {
  const { rule, dishonestMax, trim, selected } = settings;
  if (mode === 'private' && needsSingleUpdates(settings))
    throw unsuitable(`${rule} looks at each hospital's update, and private mode hides them: choose one of the two`);
  for (const setting of Object.keys(ruleSettings) as Setting[]) {
    if (settings[setting] === undefined && SETTINGS[rule].needed.includes(setting))
      throw unsuitable(`${rule} needs ${setting}`);
    if (settings[setting] !== undefined && !SETTINGS[rule].allowed.includes(setting))
      throw unsuitable(`${setting} does not belong to ${rule}`);
  }
  const needed = updatesNeeded(settings);
  if (dishonestMax !== undefined && members < needed)
    throw unsuitable(
      `${rule} with ${dishonestMax} dishonest hospitals takes 2 * ${dishonestMax} + 3 = ${needed} hospitals, the study has ${members}`,
    );
  if (trim !== undefined && members < needed)
    throw unsuitable(
      `trimming ${trim} values at either end of ${members} leaves none: at most ${Math.floor((members - 1) / 2)} can be trimmed`,
    );
  if (selected !== undefined && dishonestMax !== undefined && selected > members - dishonestMax - 2)
    throw unsuitable(
      `multi-krum averages at most n - f - 2 = ${members - dishonestMax - 2} updates, not ${selected}: more would let a dishonest one in`,
    );
}

function unsuitable(problem: string): ConsiliumError {
  return refusal('PROTOCOL_RULE_UNSUITABLE', { problem });
}
