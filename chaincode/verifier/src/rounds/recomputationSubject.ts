/**
 * A pack with which a round is computed again: its facts, what it rests on, and the very bytes that it summed up. Sum,
 * result and version follow from them here, by another implementation than the hospitals'.
 */
import { deriveRound, type RoundState, type StudyId } from '@consilium/domain';
import type { Evidence } from '../consents/evidence.js';
import { must } from '../doubt.js';
import { sha256 } from '../wire/sha256.js';
import { checkOutcome } from './agreedOutcome.js';
import { checkReveals } from './openedSum.js';
import { checkReceipts } from './receipts.js';
import { type Computed, computed, type Files } from './recomputedRound.js';
import { checkReportedFigures } from './reportedFigures.js';
import { checkGrounds } from './roundGrounds.js';
import { type RoundRecords, roundRecords } from './roundRecords.js';
import { checkShownReveals } from './shownReveals.js';
import { tellRound } from './tellRound.js';

/** @throws Doubt where the pack says too little to compute anything */
export function checkRecomputation(
  { study, round }: Readonly<{ study: StudyId; round: number }>,
  evidence: Evidence,
): void {
  const { questions, authors, chain, chaincode, report } = evidence;
  const records = roundRecords({ study, round }, questions, authors);
  const state = deriveRound(records.version.protocol, records.facts);
  checkGrounds(records, authors, report);
  const receipts = checkReceipts(chain.channel, records, report);
  let shownReveals = 0;
  if (records.facts.round.shareKeys) {
    checkReveals(records, state, report);
    shownReveals = checkShownReveals({ chain, chaincode }, records, state, report);
  }
  const files = filesIn(evidence);
  const made = report.try('recomputation', () => computed(records, state, files, chain.channel));
  checkOutcome(records, state, made, files, report);
  checkNamed(records, state, made, files, evidence);
  const { sum } = made ?? {};
  const areFiguresReported =
    (sum && report.try('reported figures', () => checkReportedFigures(records, sum, state))) ?? false;
  tellRound({ records, state, made, receipts, shownReveals, areFiguresReported }, report);
}

/** Vectors and versions are named by their own SHA-256. */
function filesIn({ entries, report }: Evidence): Files {
  const files = new Map<string, Buffer>();
  for (const [name, content] of entries.under('files'))
    report.try(name, () => {
      const digest = sha256(content).toString('hex');
      must(name === `files/${digest}`, `its SHA-256 is ${digest}`);
      files.set(digest, content);
    });
  return files;
}

/** What the round does not name has no business in its pack. */
function checkNamed(
  { facts }: RoundRecords,
  { survivors = [] }: RoundState,
  made: Computed | undefined,
  files: Files,
  { report }: Evidence,
): void {
  const named = new Set<string | undefined>([
    facts.round.base?.digest,
    ...survivors.map((msp) => facts.contributions.get(msp)?.vectorDigest),
    ...[...facts.attestations.values()].map(({ outcome }) => (outcome.kind === 'version' ? outcome.digest : undefined)),
    made?.outcome.kind === 'version' ? made.outcome.digest : undefined,
  ]);
  for (const digest of files.keys())
    if (!named.has(digest)) report.fail(`files/${digest}`, 'the round does not name it');
}
