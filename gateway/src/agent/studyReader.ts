/** Reads studies out of the mirror of the channel's state: each record is parsed as it is read. */
import {
  Approval,
  Attestation,
  Close,
  Contribution,
  deriveRound,
  Join,
  keyRange,
  ledgerKey,
  MemberKeys,
  ModelVersion,
  type Msp,
  majority,
  type Phase,
  PrivacySpending,
  type Progress,
  Reveal,
  Round,
  recordUnder,
  retrain,
  type Settlement,
  ShareKey,
  Study,
  type StudyId,
  type StudyProtocol,
  StudyVersion,
  unhandledReports,
  Vote,
  WithdrawalReport,
} from '@consilium/domain';
import type { ChannelState } from './ports.js';
import type { RoundView, StudyView } from './studyView.js';

const NOBODY: ReadonlySet<Msp> = new Set();

type Schema<T> = Readonly<{ parse(value: unknown): T }>;

export class StudyReader {
  readonly #state: ChannelState;
  /** Protocols never change under their key, and they are large: each is parsed once. */
  readonly #versions = new Map<string, StudyVersion>();
  /** The newest round that was seen of each study, from where the search goes on. */
  readonly #newest = new Map<StudyId, number>();

  /** Rounds as they were last derived, with the values that they were derived from. */
  readonly #derived = new Map<string, Readonly<{ from: readonly unknown[]; view: RoundView }>>();

  /** What was read since the state last changed. */
  readonly #views = new Map<StudyId, StudyView | undefined>();
  #studies: readonly StudyId[] | undefined;

  constructor(state: ChannelState) {
    this.#state = state;
    state.onChange(() => {
      this.#views.clear();
      this.#studies = undefined;
    });
  }

  /** Every study on the channel. */
  studies(): readonly StudyId[] {
    const { start, end } = keyRange('study');
    this.#studies ??= this.#state
      .range(start, end)
      .filter(({ key }) => key.split('~').length === 2)
      .map(({ key, value }) => parse(Study, key, value).study);
    return this.#studies;
  }

  study(study: StudyId): StudyView | undefined {
    if (!this.#views.has(study)) this.#views.set(study, this.#readStudy(study));
    return this.#views.get(study);
  }

  #readStudy(study: StudyId): StudyView | undefined {
    const record = this.#read(Study, ledgerKey.study(study));
    if (!record) return undefined;
    const newestNumber = this.#newestRound(study);
    const newest = newestNumber < 0 ? undefined : this.round(study, newestNumber);
    const version = this.#version(study, newest?.facts.round.protocolVersion ?? record.versions);
    if (!version) return undefined;
    const approved = newest ? NOBODY : this.#approvedBy(study, version);
    const isActive = newest !== undefined || version.protocol.members.every((msp) => approved.has(msp));
    const votes = this.#bySubject(study);
    return {
      study,
      version,
      approved,
      active: isActive ? version : undefined,
      registered: this.#byMsp(MemberKeys, 'member', study),
      shareKeys: (msp) => this.#shareKeys(study, msp),
      spending: (msp) => this.#read(PrivacySpending, ledgerKey.spent(study, msp)),
      newest,
      previous: newestNumber < 1 ? undefined : this.round(study, newestNumber - 1),
      round: (number) => this.round(study, number),
      saidYes: (msp, subject) => this.#read(Vote, ledgerKey.vote(study, subject, msp))?.yes === true,
      isCarried: (subject) => (votes.get(subject) ?? 0) >= majority(version.protocol),
      model: (version) => this.#read(ModelVersion, ledgerKey.model(study, version)),
      attestation: (round, msp) => this.#read(Attestation, ledgerKey.attestation(study, round, msp)),
      hasReported: (round, msp) => this.#state.get(ledgerKey.evaluation(study, round, msp)) !== undefined,
      withdrawalReports: (msp) => this.#all(WithdrawalReport, 'withdrawal', study, msp),
      afterWithdrawals: (settlement) => this.#afterWithdrawals(study, version.protocol, settlement),
    };
  }

  round(study: StudyId, number: number): RoundView | undefined {
    const from = this.#valuesOf(study, number);
    const key = ledgerKey.round(study, number);
    const known = this.#derived.get(key);
    if (known && isSame(known.from, from)) return known.view;
    const view = this.#deriveRound(study, number);
    if (view) this.#derived.set(key, { from, view });
    return view;
  }

  /** Every value that a round's view is made of: a mirror that keeps its objects shows by them what has changed. */
  #valuesOf(study: StudyId, number: number): unknown[] {
    const nouns = ['join', 'contribution', 'reveal', 'attestation', 'close'].flatMap((noun) => {
      const { start, end } = keyRange(noun, study, number);
      return this.#state.range(start, end).map(({ value }) => value);
    });
    const alone = [ledgerKey.round(study, number), ledgerKey.model(study, number)];
    return [...alone.map((key) => this.#state.get(key)), ...nouns];
  }

  #deriveRound(study: StudyId, number: number): RoundView | undefined {
    const round = this.#read(Round, ledgerKey.round(study, number));
    const protocol = round && this.#version(study, round.protocolVersion)?.protocol;
    if (!round || !protocol) return undefined;
    const facts = {
      round,
      joins: this.#byMsp(Join, 'join', study, number),
      contributions: this.#byMsp(Contribution, 'contribution', study, number),
      reveals: this.#byMsp(Reveal, 'reveal', study, number),
      attestations: this.#byMsp(Attestation, 'attestation', study, number),
      closes: this.#closes(study, number),
    };
    const recorded = this.#read(ModelVersion, ledgerKey.model(study, number));
    return { number, protocol, facts, state: deriveRound(protocol, facts), recorded };
  }

  /** As `openRound` goes back: what it would write is counted as written. */
  #afterWithdrawals(study: StudyId, { consent }: StudyProtocol, { progress, recorded, judged }: Settlement): Progress {
    if (consent?.onWithdrawal !== 'retrain') return progress;
    const reports = this.#all(WithdrawalReport, 'withdrawal', study);
    if (unhandledReports(progress, reports).length === 0) return progress;
    const versions = new Map(this.#all(ModelVersion, 'model', study).map((version) => [version.version, version]));
    if (recorded && !versions.has(recorded.version)) versions.set(recorded.version, recorded);
    const standing = judged && versions.get(judged.version.version);
    if (judged && standing?.status === 'candidate')
      versions.set(standing.version, { ...standing, status: judged.status });
    return retrain(progress, reports, [...versions.values()], this.#all(Round, 'round', study)).progress;
  }

  #newestRound(study: StudyId): number {
    let newest = this.#newest.get(study) ?? -1;
    while (this.#state.get(ledgerKey.round(study, newest + 1)) !== undefined) newest += 1;
    if (newest >= 0) this.#newest.set(study, newest);
    return newest;
  }

  #approvedBy(study: StudyId, { version, protocolHash }: StudyVersion): ReadonlySet<Msp> {
    const approvals = [...this.#byMsp(Approval, 'approval', study, version).values()];
    return new Set(approvals.filter((approval) => approval.protocolHash === protocolHash).map(({ msp }) => msp));
  }

  #version(study: StudyId, number: number): StudyVersion | undefined {
    const key = ledgerKey.studyVersion(study, number);
    const known = this.#versions.get(key) ?? this.#read(StudyVersion, key);
    if (known) this.#versions.set(key, known);
    return known;
  }

  /** Yes votes by subject. */
  #bySubject(study: StudyId): Map<string, number> {
    const { start, end } = keyRange('vote', study);
    const yes = new Map<string, number>();
    for (const { key, value } of this.#state.range(start, end)) {
      const vote = parse(Vote, key, value);
      if (vote.yes) yes.set(vote.subject, (yes.get(vote.subject) ?? 0) + 1);
    }
    return yes;
  }

  #shareKeys(study: StudyId, msp: Msp): ShareKey[] {
    return this.#all(ShareKey, 'sharekey', study, msp);
  }

  #closes(study: StudyId, round: number): Map<Phase, Close> {
    const { start, end } = keyRange('close', study, round);
    const closes = this.#state.range(start, end).map(({ key, value }) => parse(Close, key, value));
    return new Map(closes.map((close) => [close.phase, close]));
  }

  #byMsp<T extends { msp: Msp }>(schema: Schema<T>, ...parts: (string | number)[]): Map<Msp, T> {
    const records = this.#all(schema, ...parts);
    return new Map(records.map((record) => [record.msp, record]));
  }

  #all<T>(schema: Schema<T>, ...parts: (string | number)[]): T[] {
    const { start, end } = keyRange(...parts);
    return this.#state.range(start, end).map(({ key, value }) => parse(schema, key, value));
  }

  #read<T>(schema: Schema<T>, key: string): T | undefined {
    const value = this.#state.get(key);
    return value === undefined || value === null ? undefined : parse(schema, key, value);
  }
}

/** What was parsed before, by the very object: a mirror that keeps its objects has each parsed once. */
const parsed = new WeakMap<object, unknown>();

function parse<T>(schema: Schema<T>, key: string, value: unknown): T {
  if (typeof value !== 'object' || value === null) return recordUnder(schema, key, value);
  const known = parsed.get(value) as T | undefined;
  if (known !== undefined) return known;
  const record = recordUnder(schema, key, value);
  parsed.set(value, record);
  return record;
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, k) => value === b[k]);
}
