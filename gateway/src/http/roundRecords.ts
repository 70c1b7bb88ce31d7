/** All that the channel holds about one round. */
import {
  Attestation,
  Close,
  Contribution,
  Join,
  ledgerKey,
  type Msp,
  Phase,
  Reveal,
  Round,
  type StudyId,
  type StudyProtocol,
  StudyVersion,
} from '@consilium/domain';
import type { Recorded, Records } from './records.js';

export type RoundRecords = Readonly<{
  round: Recorded<Round>;
  /** Of the version that the round was opened on. */
  protocol: StudyProtocol;
  /** As the domain derives the round's state from them. */
  facts: Readonly<{
    round: Round;
    joins: ReadonlyMap<Msp, Recorded<Join>>;
    contributions: ReadonlyMap<Msp, Recorded<Contribution>>;
    reveals: ReadonlyMap<Msp, Recorded<Reveal>>;
    attestations: ReadonlyMap<Msp, Recorded<Attestation>>;
    closes: ReadonlyMap<Phase, Recorded<Close>>;
  }>;
}>;

/** Undefined where the round was not opened. */
export function roundRecords(records: Records, study: StudyId, number: number): RoundRecords | undefined {
  const round = records.get(Round, ledgerKey.round(study, number));
  const version = round && records.get(StudyVersion, ledgerKey.studyVersion(study, round.protocolVersion));
  if (!round || !version) return undefined;
  const closes = Phase.options.flatMap((phase) => records.get(Close, ledgerKey.close(study, number, phase)) ?? []);
  const { record: _, ...plainRound } = round;
  const facts = {
    round: plainRound,
    joins: byMsp(records.list(Join, 'join', study, number)),
    contributions: byMsp(records.list(Contribution, 'contribution', study, number)),
    reveals: byMsp(records.list(Reveal, 'reveal', study, number)),
    attestations: byMsp(records.list(Attestation, 'attestation', study, number)),
    closes: new Map(closes.map((close) => [close.phase, close])),
  };
  return { round, protocol: version.protocol, facts };
}

function byMsp<T extends { msp: Msp }>(records: readonly T[]): Map<Msp, T> {
  return new Map(records.map((record) => [record.msp, record]));
}
