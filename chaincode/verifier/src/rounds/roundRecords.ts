/** What a bundle's answers say of a round: its record, its facts, and what it rests on. */
import {
  Approval,
  Attestation,
  Close,
  Contribution,
  HospitalEvaluation,
  Join,
  ledgerKey,
  MemberKeys,
  ModelVersion,
  type Msp,
  type Phase,
  Reveal,
  Round,
  type RoundFacts,
  recordUnder,
  ShareKey,
  type StudyId,
  StudyVersion,
} from '@consilium/domain';
import { must } from '../doubt.js';
import type { LedgerRecord } from '../evidence/answer.js';
import { isBefore, type Question, type Questions } from '../evidence/questions.js';
import type { Authors } from '../pack/packAuthors.js';
import { canonicalText } from '../wire/canonicalText.js';
import { sha256 } from '../wire/sha256.js';

type Schema<T> = Readonly<{ parse(value: unknown): T }>;

export type RoundRecords = Readonly<{
  facts: RoundFacts;
  version: StudyVersion;
  approvals: ReadonlyMap<Msp, Approval>;
  members: ReadonlyMap<Msp, MemberKeys>;
  shareKeys: readonly ShareKey[];
  models: ReadonlyMap<number, ModelVersion>;
  evaluations: ReadonlyMap<Msp, HospitalEvaluation>;
  /** Reveals in the order of the chain: by block, and within a block by the id of their transaction. */
  reveals: readonly Reveal[];
  /** Nothing that stood at this time is missing. */
  asOf: number;
}>;

/** @throws Doubt where the answers are not of this round, or hold no such round */
export function roundRecords(
  asked: Readonly<{ study: StudyId; round: number }>,
  questions: Questions,
  authors: Authors,
): RoundRecords {
  const { study, round: number } = asked;
  const told = questions.ask('RoundContract:roundFacts', asked);
  const grounds = questions.ask('RoundContract:roundGrounds', asked);
  const round = only(told, Round, ledgerKey.round(study, number));
  const version = only(grounds, StudyVersion, ledgerKey.studyVersion(study, round.protocolVersion));
  checkProtocol(grounds, round);
  const revealed = under(told, 'reveal');
  return {
    facts: {
      round,
      joins: byMsp(told, Join, 'join'),
      contributions: byMsp(told, Contribution, 'contribution'),
      reveals: byMsp(told, Reveal, 'reveal'),
      attestations: byMsp(told, Attestation, 'attestation'),
      closes: new Map(all(told, Close, 'close').map((close): [Phase, Close] => [close.phase, close])),
    },
    version,
    approvals: byMsp(grounds, Approval, 'approval'),
    members: byMsp(grounds, MemberKeys, 'member'),
    shareKeys: all(grounds, ShareKey, 'sharekey'),
    models: new Map(all(grounds, ModelVersion, 'model').map((model) => [model.version, model])),
    evaluations: byMsp(told, HospitalEvaluation, 'evaluation'),
    reveals: inChainOrder(revealed, authors).map(({ key, value }) => recordUnder(Reveal, key, value)),
    asOf: Math.min(told.asOf, grounds.asOf),
  };
}

/** The protocol is the one that the round's record names, by the hash of its canonical text. */
function checkProtocol(grounds: Question, { study, protocolVersion, protocolHash }: Round): void {
  const key = ledgerKey.studyVersion(study, protocolVersion);
  const value = grounds.records.find((record) => record.key === key)?.value ?? {};
  // As it stands on the ledger, before defaults are filled in.
  const { protocol = null } = value as { protocol?: unknown };
  const found = sha256(Buffer.from(canonicalText(protocol))).toString('hex');
  must(found === protocolHash, `the protocol has hash ${found}, and the round runs by ${protocolHash}`);
}

function inChainOrder(records: readonly LedgerRecord[], authors: Authors): LedgerRecord[] {
  const id = ({ key }: LedgerRecord) => authors.get(key)?.id ?? '';
  return [...records].sort((a, b) => {
    if (a.place.block !== b.place.block) return isBefore(a.place, b.place) ? -1 : 1;
    return id(a) < id(b) ? -1 : 1;
  });
}

function under({ records }: Question, noun: string): LedgerRecord[] {
  return records.filter(({ key }) => key.startsWith(`${noun}~`));
}

function all<T>(question: Question, schema: Schema<T>, noun: string): T[] {
  return under(question, noun).map(({ key, value }) => recordUnder(schema, key, value));
}

function byMsp<T extends Readonly<{ msp: Msp }>>(question: Question, schema: Schema<T>, noun: string): Map<Msp, T> {
  return new Map(all(question, schema, noun).map((record) => [record.msp, record]));
}

function only<T>({ records }: Question, schema: Schema<T>, key: string): T {
  const found = records.find((record) => record.key === key);
  must(found !== undefined, `the answer has no ${key}`);
  return schema.parse(found.value);
}
