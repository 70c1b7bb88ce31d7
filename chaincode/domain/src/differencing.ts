/**
 * Over one base, one set of survivors: two sums over one base with different survivors reveal the difference, which may be
 * one hospital's update. Only differential privacy makes that harmless.
 */
import type { Msp } from './ids.js';
import type { FixedSurvivors, Progress, Round, RoundKind } from './round.js';
import { phasesOf, type RoundState } from './roundPhases.js';
import type { StudyProtocol } from './study.js';

/** Whether the guard applies: masked sums without differential privacy. */
export function guardsDifferences(protocol: Pick<StudyProtocol, 'mode' | 'privacy'>): boolean {
  return protocol.mode === 'private' && !protocol.privacy;
}

/** The survivors that a round over this base must have, if a sum of its kind over it may be open already. */
export function fixedOver(progress: Progress, kind: RoundKind, base: number | undefined): FixedSurvivors | undefined {
  return progress.fixed?.find((fixed) => fixed.kind === kind && fixed.base === base);
}

/** Whether opening this round's sum beside one that may be open already would tell one hospital's update. */
export function isDifferencing(round: Pick<Round, 'sameSurvivorsAs'>, survivors: readonly Msp[]): boolean {
  const earlier = round.sameSurvivorsAs?.survivors;
  if (!earlier) return false;
  return earlier.length !== survivors.length || earlier.some((msp) => !survivors.includes(msp));
}

/**
 * What a settled round adds to `progress.fixed`: its survivors, once they were fixed, whatever was revealed or recorded.
 * Survivors that no honest agent revealed anything of do not count; nor does a dealer proven bad, whose sum nobody else
 * can have opened.
 *
 * @param state of the round, aborted or agreed
 * @param bases versions that a later round may be over
 */
export function fixedAfter(
  protocol: Pick<StudyProtocol, 'mode' | 'privacy'>,
  round: Round,
  state: RoundState,
  bases: readonly number[],
): FixedSurvivors[] {
  const before = round.progress.fixed ?? [];
  const fixed = survivorsFixed(protocol, round, state);
  const own: FixedSurvivors[] =
    fixed && round.base
      ? [{ kind: round.kind, base: round.base.version, round: round.round, survivors: [...fixed] }]
      : [];
  const kept = before.filter(({ kind, base }) => !own.some((added) => added.kind === kind && added.base === base));
  return [...kept, ...own].filter(({ base }) => bases.includes(base));
}

function survivorsFixed(
  protocol: Pick<StudyProtocol, 'mode' | 'privacy'>,
  round: Round,
  { survivors, abort, agreement }: RoundState,
): readonly Msp[] | undefined {
  if (!guardsDifferences(protocol) || !phasesOf(round.kind, protocol.mode).includes('unmasking')) return undefined;
  if (!survivors || abort?.phase === 'joining' || abort?.phase === 'contributing') return undefined;
  if (isDifferencing(round, survivors)) return undefined;
  const outcome = agreement?.outcome;
  if (outcome?.kind !== 'sealed' || outcome.reason !== 'BAD_DEALER') return survivors;
  return survivors.filter((msp) => msp !== outcome.dealer);
}
