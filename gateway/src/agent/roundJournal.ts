/** What the agent writes down about a round before it acts: under which names, and in which form. */
import { type Command, canonicalJson, commands, Digest, type Msp, Outcome, type StudyId } from '@consilium/domain';
import type { Journal } from './ports.js';

type JournalReader = Pick<Journal, 'get'>;

/** The round that this hospital's agent has asked to join. A join on the ledger without this was sent by a lost journal. */
export function hasJournaledJoin(journal: JournalReader, study: StudyId, round: number): boolean {
  return journal.get(study, round, 'join') !== undefined;
}

export function journalJoin(journal: Journal, study: StudyId, round: number, baseDigest: Digest): void {
  journal.set(study, round, 'join', baseDigest);
}

/** The keys that this hospital's join of a private round brings: of a join with others, the secrets are not here. */
export function journaledJoinKeys(journal: JournalReader, study: StudyId, round: number): string | undefined {
  return journal.get(study, round, 'join-keys');
}

export function journalJoinKeys(journal: Journal, study: StudyId, round: number, keysDigest: Digest): void {
  journal.set(study, round, 'join-keys', keysDigest);
}

/** What this hospital reveals of a round, decided once: it is sent until it stands, never another. */
export function journaledReveal(
  journal: JournalReader,
  study: StudyId,
  round: number,
): Command<'RoundContract:reveal'> | undefined {
  const text = journal.get(study, round, 'reveal');
  return text === undefined ? undefined : commands['RoundContract:reveal'].parse(JSON.parse(text));
}

export function journalReveal(journal: Journal, command: Command<'RoundContract:reveal'>): void {
  journal.set(command.study, command.round, 'reveal', canonicalJson(command));
}

/** The one vector of this hospital in a round. */
export function journaledVector(journal: JournalReader, study: StudyId, round: number): Digest | undefined {
  const text = journal.get(study, round, 'vector');
  return text === undefined ? undefined : Digest.parse(text);
}

export function journalVector(journal: Journal, study: StudyId, round: number, digest: Digest): void {
  journal.set(study, round, 'vector', digest);
}

/**
 * The file that a vector is written to, before it is: where consent applies it is removed if a patient withdraws, also
 * after a crash that came between the file and its name.
 */
export function journaledVectorFile(journal: JournalReader, study: StudyId, round: number): Digest | undefined {
  const text = journal.get(study, round, 'vector-file');
  return text === undefined ? undefined : Digest.parse(text);
}

export function journalVectorFile(journal: Journal, study: StudyId, round: number, digest: Digest): void {
  journal.set(study, round, 'vector-file', digest);
}

/** Why this hospital gives nothing to a round any more. */
export function journaledAbstention(journal: JournalReader, study: StudyId, round: number): string | undefined {
  return journal.get(study, round, 'abstention');
}

export function journalAbstention(journal: Journal, study: StudyId, round: number, reason: string): void {
  journal.set(study, round, 'abstention', reason);
}

/** The contribution as it was first sent: it is sent again with the same receipts. */
export function journaledContribution(
  journal: JournalReader,
  study: StudyId,
  round: number,
): Command<'RoundContract:contribute'> | undefined {
  const text = journal.get(study, round, 'contribution');
  return text === undefined ? undefined : commands['RoundContract:contribute'].parse(JSON.parse(text));
}

export function journalContribution(journal: Journal, command: Command<'RoundContract:contribute'>): void {
  journal.set(command.study, command.round, 'contribution', canonicalJson(command));
}

/** What this hospital's own recomputation gave. */
export function journaledOutcome(journal: JournalReader, study: StudyId, round: number): Outcome | undefined {
  const text = journal.get(study, round, 'outcome');
  return text === undefined ? undefined : Outcome.parse(JSON.parse(text));
}

export function journalOutcome(journal: Journal, study: StudyId, round: number, outcome: Outcome): void {
  journal.set(study, round, 'outcome', canonicalJson(outcome));
}

/** This hospital's own figures on its test rows, kept until they may be reported. */
export function journaledEvaluation(
  journal: JournalReader,
  study: StudyId,
  round: number,
): Command<'RoundContract:reportEvaluation'> | undefined {
  const text = journal.get(study, round, 'evaluation');
  return text === undefined ? undefined : commands['RoundContract:reportEvaluation'].parse(JSON.parse(text));
}

export function journalEvaluation(journal: Journal, command: Command<'RoundContract:reportEvaluation'>): void {
  journal.set(command.study, command.round, 'evaluation', canonicalJson(command));
}

/** Whether the operator has verified a round that this hospital had disputed. */
export function isDisputeLifted(journal: JournalReader, study: StudyId, round: number): boolean {
  return journal.get(study, round, 'dispute-lifted') !== undefined;
}

export function journalDisputeLifted(journal: Journal, study: StudyId, round: number, recorded: Digest): void {
  journal.set(study, round, 'dispute-lifted', recorded);
}

/** When this hospital removed the masked vectors of a round, in milliseconds since 1970. */
export function journaledVectorsDeleted(journal: JournalReader, study: StudyId, round: number): number | undefined {
  const text = journal.get(study, round, 'vectors-deleted');
  return text === undefined ? undefined : Number(text);
}

export function journalVectorsDeleted(journal: Journal, study: StudyId, round: number, at: number): void {
  journal.set(study, round, 'vectors-deleted', String(at));
}

/** The vector of a contributor that this hospital has signed for. */
export function journaledReceipt(
  journal: JournalReader,
  study: StudyId,
  round: number,
  contributor: Msp,
): Digest | undefined {
  const text = journal.get(study, round, `receipt~${contributor}`);
  return text === undefined ? undefined : Digest.parse(text);
}

export function journalReceipt(
  journal: Journal,
  study: StudyId,
  round: number,
  contributor: Msp,
  digest: Digest,
): void {
  journal.set(study, round, `receipt~${contributor}`, digest);
}
