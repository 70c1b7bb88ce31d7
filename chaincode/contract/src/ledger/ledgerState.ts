/** The channel's state by noun. Every record is checked by its schema on write and after read. */
import {
  Approval,
  Attestation,
  Close,
  ConsentBatch,
  ConsentEvent,
  ConsentPolicy,
  ConsentPolicyHead,
  type ConsentRef,
  Contribution,
  canonicalJson,
  DataPermit,
  Hospital,
  HospitalEvaluation,
  Join,
  keyRange,
  LEDGER_EVENT,
  LegalHold,
  ledgerKey,
  MemberKeys,
  ModelVersion,
  type Msp,
  type Phase,
  PrivacySpending,
  ReadLogHead,
  RestrictionEpoch,
  Reveal,
  Round,
  recordUnder,
  ShareKey,
  Study,
  type StudyId,
  type StudyVersion,
  Tombstone,
  tenDigits,
  Vote,
  valueUnder,
  WithdrawalReport,
} from '@consilium/domain';
import type { Decision, Schema } from '../rules/records.js';
import type { LedgerContext } from './ledgerContext.js';
import { parseStudyVersion } from './studyVersions.js';

type Stub = LedgerContext['stub'];

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Undefined stands for a record that is not there. Reads never see what the same transaction writes: that is Fabric's way. */
export class LedgerState {
  readonly #stub: Stub;

  constructor(stub: Stub) {
    this.#stub = stub;
  }

  readonly hospital = (msp: Msp) => this.#get(Hospital, ledgerKey.hospital(msp));
  readonly study = (study: StudyId) => this.#get(Study, ledgerKey.study(study));
  readonly approval = (study: StudyId, version: number, msp: Msp) =>
    this.#get(Approval, ledgerKey.approval(study, version, msp));
  readonly member = (study: StudyId, msp: Msp) => this.#get(MemberKeys, ledgerKey.member(study, msp));
  readonly shareKey = (study: StudyId, msp: Msp, index: number) =>
    this.#get(ShareKey, ledgerKey.shareKey(study, msp, index));
  readonly spending = (study: StudyId, msp: Msp) => this.#get(PrivacySpending, ledgerKey.spent(study, msp));
  readonly reveal = (study: StudyId, round: number, msp: Msp) => this.#get(Reveal, ledgerKey.reveal(study, round, msp));
  readonly vote = (study: StudyId, subject: string, msp: Msp) => this.#get(Vote, ledgerKey.vote(study, subject, msp));
  readonly round = (study: StudyId, round: number) => this.#get(Round, ledgerKey.round(study, round));
  readonly join = (study: StudyId, round: number, msp: Msp) => this.#get(Join, ledgerKey.join(study, round, msp));
  readonly contribution = (study: StudyId, round: number, msp: Msp) =>
    this.#get(Contribution, ledgerKey.contribution(study, round, msp));
  readonly attestation = (study: StudyId, round: number, msp: Msp) =>
    this.#get(Attestation, ledgerKey.attestation(study, round, msp));
  readonly close = (study: StudyId, round: number, phase: Phase) =>
    this.#get(Close, ledgerKey.close(study, round, phase));
  readonly model = (study: StudyId, version: number) => this.#get(ModelVersion, ledgerKey.model(study, version));
  readonly evaluation = (study: StudyId, round: number, msp: Msp) =>
    this.#get(HospitalEvaluation, ledgerKey.evaluation(study, round, msp));
  readonly policy = (msp: Msp, version: number) => this.#get(ConsentPolicy, ledgerKey.policy(msp, version));
  readonly consent = (msp: Msp, ref: ConsentRef, seq: number) =>
    this.#get(ConsentEvent, ledgerKey.consent(msp, ref, seq));
  readonly consentRoot = (msp: Msp, batch: number) => this.#get(ConsentBatch, ledgerKey.consentRoot(msp, batch));
  readonly epoch = (msp: Msp) => this.#get(RestrictionEpoch, ledgerKey.epoch(msp));
  readonly hold = (msp: Msp, ref: ConsentRef) => this.#get(LegalHold, ledgerKey.hold(msp, ref));
  readonly tombstone = (msp: Msp, ref: ConsentRef) => this.#get(Tombstone, ledgerKey.tombstone(msp, ref));
  readonly readLog = (msp: Msp, day: string) => this.#get(ReadLogHead, ledgerKey.readLog(msp, day));
  readonly permit = (study: StudyId, msp: Msp) => this.#get(DataPermit, ledgerKey.permit(study, msp));
  readonly withdrawal = (study: StudyId, msp: Msp, report: number) =>
    this.#get(WithdrawalReport, ledgerKey.withdrawal(study, msp, report));

  /** The newest policy of a hospital. */
  async newestPolicy(msp: Msp): Promise<ConsentPolicy | undefined> {
    const head = await this.#get(ConsentPolicyHead, ledgerKey.policyHead(msp));
    return head && this.policy(msp, head.versions);
  }

  async studyVersion(study: StudyId, version: number): Promise<StudyVersion | undefined> {
    const text = await this.#text(ledgerKey.studyVersion(study, version));
    return text === undefined ? undefined : parseStudyVersion(text);
  }

  /** Whether anything stands under a key: cheaper than reading it, where no more is asked. */
  async has(key: string): Promise<boolean> {
    return (await this.#stub.getState(key)).length > 0;
  }

  /** All records of a kind by range, so that one which is added meanwhile makes this transaction invalid. */
  readonly joins = (study: StudyId, round: number) => this.#range(Join, 'join', study, tenDigits(round));
  readonly contributions = (study: StudyId, round: number) =>
    this.#range(Contribution, 'contribution', study, tenDigits(round));
  readonly attestations = (study: StudyId, round: number) =>
    this.#range(Attestation, 'attestation', study, tenDigits(round));
  readonly reveals = (study: StudyId, round: number) => this.#range(Reveal, 'reveal', study, tenDigits(round));
  /** Of one member from this index on, oldest first. */
  readonly shareKeysFrom = (study: StudyId, msp: Msp, index: number) =>
    this.#between(ShareKey, ledgerKey.shareKey(study, msp, index), keyRange('sharekey', study, msp).end);
  readonly votes = (study: StudyId, subject: string) => this.#range(Vote, 'vote', study, subject);
  readonly rounds = (study: StudyId) => this.#range(Round, 'round', study);
  readonly policies = (msp: Msp) => this.#range(ConsentPolicy, 'policy', msp);
  readonly consents = (msp: Msp, ref: ConsentRef) => this.#range(ConsentEvent, 'consent', msp, ref);
  readonly consentRoots = (msp: Msp) => this.#range(ConsentBatch, 'consentroot', msp);
  readonly withdrawals = (study: StudyId, ...msp: readonly Msp[]) =>
    this.#range(WithdrawalReport, 'withdrawal', study, ...msp);
  /** From this number on. */
  readonly roundsFrom = (study: StudyId, first: number) =>
    this.#between(Round, ledgerKey.round(study, first), keyRange('round', study).end);
  readonly models = (study: StudyId) => this.#range(ModelVersion, 'model', study);

  /** A hospital's tombstones, all of them; undefined where there are more than so many. */
  async tombstones(msp: Msp, tombstonesMax: number): Promise<Tombstone[] | undefined> {
    const { start, end } = keyRange('tombstone', msp);
    const found: Tombstone[] = [];
    for await (const { key, value } of this.#stub.getStateByRange(start, end)) {
      if (found.length === tombstonesMax) return undefined;
      found.push(parsed(Tombstone, key, value));
    }
    return found;
  }

  /** Writes what was decided and tells it in the one event of the transaction. Returns the transaction's answer. */
  async write({ record, writes }: Decision): Promise<string> {
    const told: string[] = [];
    for (const { key, schema, record: written } of writes) {
      const value = canonicalJson(valueUnder(key, schema.parse(written) as object));
      await this.#stub.putState(key, Buffer.from(value));
      told.push(`{"key":${canonicalJson(key)},"value":${value}}`);
    }
    // The canonical JSON of `{ writes }`, made of what is canonical already: a batch holds hundreds of records.
    if (told.length > 0) this.#stub.setEvent(LEDGER_EVENT, Buffer.from(`{"writes":[${told.join(',')}]}`));
    return canonicalJson(record);
  }

  async #get<T>(schema: Schema<T>, key: string): Promise<T | undefined> {
    const text = await this.#text(key);
    return text === undefined ? undefined : recordUnder(schema, key, JSON.parse(text));
  }

  async #text(key: string): Promise<string | undefined> {
    const bytes = await this.#stub.getState(key);
    return bytes.length === 0 ? undefined : decoder.decode(bytes);
  }

  async #range<T>(schema: Schema<T>, ...parts: readonly string[]): Promise<T[]> {
    const { start, end } = keyRange(...parts);
    return this.#between(schema, start, end);
  }

  async #between<T>(schema: Schema<T>, start: string, end: string): Promise<T[]> {
    const found: T[] = [];
    // Read to its end a range is closed by the peer itself; `for await` would ask it once more to close it.
    const records = await this.#stub.getStateByRange(start, end);
    for (let each = await records.next(); !each.done; each = await records.next())
      found.push(parsed(schema, each.value.key, each.value.value));
    return found;
  }
}

function parsed<T>(schema: Schema<T>, key: string, value: Uint8Array): T {
  return recordUnder(schema, key, JSON.parse(decoder.decode(value)));
}
