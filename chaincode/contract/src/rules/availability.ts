/** Who may join a round: those registered, less those left out by vote; over a base whose sum may be open, the same survivors. */
import {
  type FixedSurvivors,
  type Msp,
  majority,
  type Round,
  type StudyProtocol,
  tenDigits,
  type Vote,
} from '@consilium/domain';

export type AvailabilityVotes = Readonly<{
  /** Votes `leave-out~MSP~n` for this round. */
  leaveOut: readonly Vote[];
  /** Votes `unmask~r~MSP`, of any round r: those count whose survivors were fixed over this base. */
  unmask: readonly Vote[];
}>;

export type Availability = Readonly<{ available: Msp[]; sameSurvivorsAs?: NonNullable<Round['sameSurvivorsAs']> }>;

/**
 * @param registered members whose agents have registered, in byte order
 * @param earlier survivors that were fixed over the same base by a round of the same kind, where the guard applies
 */
export function availabilityOf(
  protocol: StudyProtocol,
  registered: readonly Msp[],
  earlier: FixedSurvivors | undefined,
  votes: AvailabilityVotes,
): Availability {
  const leftOut = carriedFor(protocol, votes.leaveOut, (subject) => subject.split('~')[1]);
  const candidates = registered.filter((msp) => !leftOut.has(msp));
  if (!earlier) return { available: candidates };
  // A hospital's update is told by leaving it out, so it must have said yes itself.
  const votesOfRound = votes.unmask.filter(({ subject }) => subject.startsWith(`unmask~${tenDigits(earlier.round)}~`));
  const unmasked = carriedFor(protocol, votesOfRound, (subject) => subject.split('~')[2]);
  const agreed = new Set(
    votesOfRound.filter(({ yes, msp, subject }) => yes && subject.endsWith(`~${msp}`)).map(({ msp }) => msp),
  );
  const survivors = earlier.survivors.filter((msp) => !(unmasked.has(msp) && agreed.has(msp)));
  return {
    available: candidates.filter((msp) => survivors.includes(msp)),
    sameSurvivorsAs: { round: earlier.round, survivors },
  };
}

/** Hospitals that a vote about them is carried for. */
function carriedFor(
  protocol: StudyProtocol,
  votes: readonly Vote[],
  hospitalIn: (subject: string) => string | undefined,
): ReadonlySet<string> {
  const yes = new Map<string, number>();
  for (const vote of votes) {
    const hospital = hospitalIn(vote.subject);
    if (vote.yes && hospital !== undefined) yes.set(hospital, (yes.get(hospital) ?? 0) + 1);
  }
  return new Set([...yes].filter(([, count]) => count >= majority(protocol)).map(([hospital]) => hospital));
}
