/** What this hospital's mirror of the channel says about one study, at one moment. */
import type {
  Attestation,
  Contribution,
  MemberKeys,
  ModelVersion,
  Msp,
  PrivacySpending,
  Progress,
  RoundFacts,
  RoundState,
  Settlement,
  ShareKey,
  StudyId,
  StudyProtocol,
  StudyVersion,
  WithdrawalReport,
} from '@consilium/domain';

/** A round with its facts, and what follows from them. */
export type RoundView = Readonly<{
  number: number;
  protocol: StudyProtocol;
  facts: RoundFacts;
  state: RoundState;
  /** Whether the version that it made, or that it has none, stands on the ledger for good. */
  recorded: ModelVersion | undefined;
}>;

export type StudyView = Readonly<{
  study: StudyId;
  /** The newest version of the protocol, or the one that rounds were opened on. */
  version: StudyVersion;
  /** Members that have approved this version; empty once there are rounds. */
  approved: ReadonlySet<Msp>;
  /** The version again, where all members approved it. */
  active: StudyVersion | undefined;
  /** Receipt keys of the members that have registered. */
  registered: ReadonlyMap<Msp, MemberKeys>;
  /** Share keys of a member on the ledger, oldest first. */
  shareKeys(msp: Msp): readonly ShareKey[];
  /** What a member has spent of the study's privacy budget; undefined: nothing. */
  spending(msp: Msp): PrivacySpending | undefined;
  newest: RoundView | undefined;
  /** The round before the newest: a slow hospital may still owe its attestation. */
  previous: RoundView | undefined;
  /** Any round, read when it is asked for. */
  round(number: number): RoundView | undefined;
  /** Whether t members voted yes. */
  isCarried(subject: string): boolean;
  saidYes(msp: Msp, subject: string): boolean;
  /** A version that stands on the ledger. */
  model(version: number): ModelVersion | undefined;
  /** What a member attested in a round. */
  attestation(round: number, msp: Msp): Attestation | undefined;
  hasReported(round: number, msp: Msp): boolean;
  /** What a settled round leaves, once withdrawals are counted in that the study is trained again for. */
  afterWithdrawals(settlement: Settlement): Progress;
  /** Reports of withdrawals that a member has recorded: how many there are is the number of its next one. */
  withdrawalReports(msp: Msp): readonly WithdrawalReport[];
}>;

/** Whether the round has come to its end: by t equal attestations, or by a close with a reason. */
export function isOver({ state }: RoundView): boolean {
  return state.stage === 'agreed' || state.stage === 'aborted';
}

/** Whether a close with a reason stands: then nothing more is recorded about the round. */
export function isAbortedByClose({ facts }: RoundView): boolean {
  return [...facts.closes.values()].some((close) => close.abort !== null);
}

/** Whether no later fact of contributing can count: U is fixed, or the round was aborted. */
export function areSurvivorsFixed(round: RoundView): boolean {
  return round.state.survivors !== undefined || isOver(round);
}

/** Members that promised to hold a contributor's vector: itself, then those that signed for it. */
export function holdersOf(contribution: Contribution): Msp[] {
  return [contribution.msp, ...contribution.receipts.map(({ msp }) => msp)];
}
