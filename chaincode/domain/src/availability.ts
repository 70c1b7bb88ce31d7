/** Who may join a round: those registered, less those left out by vote; over a base whose sum may be open, the same survivors. */
import { fixedOver, guardsDifferences } from './differencing.js';
import type { Msp } from './ids.js';
import { tenDigits } from './ledgerKeys.js';
import type { Progress, Round, RoundKind } from './round.js';
import type { StudyProtocol } from './study.js';
import { nextBase } from './studyProgress.js';

export type AvailabilityVotes = Readonly<{
  /** Whether t members said yes. */
  isCarried(subject: string): boolean;
  saidYes(msp: Msp, subject: string): boolean;
}>;

export type Availability = Readonly<{ available: Msp[]; sameSurvivorsAs?: NonNullable<Round['sameSurvivorsAs']> }>;

/**
 * @param number of the round, and its kind, opened from this progress
 * @param registered members whose agents have registered, in byte order
 */
export function availabilityOf(
  protocol: StudyProtocol,
  { number, kind, progress }: Readonly<{ number: number; kind: RoundKind; progress: Progress }>,
  registered: readonly Msp[],
  votes: AvailabilityVotes,
): Availability {
  const candidates = registered.filter((msp) => !votes.isCarried(`leave-out~${msp}~${tenDigits(number)}`));
  const earlier = guardsDifferences(protocol) ? fixedOver(progress, kind, nextBase(progress).base?.version) : undefined;
  if (!earlier) return { available: candidates };
  // A hospital's update is told by leaving it out of the sum, so it must have said yes itself.
  const isUnmasked = (msp: Msp) => {
    const subject = `unmask~${tenDigits(earlier.round)}~${msp}`;
    return votes.isCarried(subject) && votes.saidYes(msp, subject);
  };
  const survivors = earlier.survivors.filter((msp) => !isUnmasked(msp));
  return {
    available: candidates.filter((msp) => survivors.includes(msp)),
    sameSurvivorsAs: { round: earlier.round, survivors },
  };
}
