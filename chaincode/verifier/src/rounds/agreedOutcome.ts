/** Compares what was computed here with what members attested, and with what stands under the version. */
import { ledgerKey, majority, type Outcome, outcomeCamps, type RoundState } from '@consilium/domain';
import { Doubt, must } from '../doubt.js';
import type { Report } from '../pack/report.js';
import { canonicalText } from '../wire/canonicalText.js';
import type { Computed, Files } from './recomputedRound.js';
import type { RoundRecords } from './roundRecords.js';

/** The outcome that most members attested. */
export function attested({
  facts,
}: RoundRecords): Readonly<{ outcome: Outcome; members: readonly string[] }> | undefined {
  return outcomeCamps(facts.attestations)[0];
}

export function checkOutcome(
  records: RoundRecords,
  state: RoundState,
  made: Computed | undefined,
  files: Files,
  report: Report,
): void {
  const most = attested(records);
  report.try('attestations', () => {
    const needed = majority(records.version.protocol);
    const count = most?.members.length ?? 0;
    must(count >= needed, `${count} members attested one outcome, ${needed} are needed`);
  });
  if (!made || !most) return;
  for (const [part, own, theirs] of differences(made.outcome, most.outcome))
    report.fail(part, `computed here: ${own}; attested by ${most.members.join(', ')}: ${theirs}`);
  report.try('version file', () => checkFile(made, files));
  const { study, round } = records.facts.round;
  report.try(ledgerKey.model(study, round), () => checkRecord(records, state, made.outcome));
}

/** Parts of two outcomes that are not the same. */
function differences(own: Outcome, theirs: Outcome): [part: string, own: string, theirs: string][] {
  if (own.kind !== theirs.kind) return [['outcome', canonicalText(own), canonicalText(theirs)]];
  const names = new Set([...Object.keys(own), ...Object.keys(theirs)]);
  const textOf = (outcome: Outcome, name: string) => canonicalText(outcome[name as keyof Outcome] ?? null);
  const titles: Readonly<Record<string, string>> = { digest: 'version', sumDigest: 'sum', result: 'metrics' };
  return [...names]
    .filter((name) => textOf(own, name) !== textOf(theirs, name))
    .map((name) => [titles[name] ?? name, textOf(own, name), textOf(theirs, name)]);
}

/** The new version's file is in the pack, byte by byte what was computed. */
function checkFile({ outcome, file }: Computed, files: Files): void {
  if (outcome.kind !== 'version' || !file) return;
  const found = files.get(outcome.digest);
  if (!found) throw new Doubt(`the file of the version computed here, ${outcome.digest}, is not in the pack`);
  must(found.equals(file), 'its bytes are not those that were computed');
}

/** Once recorded, the version says the same, and of whom. */
function checkRecord({ facts, models }: RoundRecords, { survivors = [] }: RoundState, outcome: Outcome): void {
  const { round, base, kind } = facts.round;
  const recorded = models.get(round);
  if (!recorded) return;
  if (outcome.kind !== 'version') throw new Doubt('a version is recorded of a round that makes none');
  const { digest, sumDigest, result } = outcome;
  const same = { digest, sumDigest, result, kind, parent: base, survivors: [...survivors] };
  const found = {
    digest: recorded.digest,
    sumDigest: recorded.sumDigest,
    result: recorded.result,
    kind: recorded.kind,
    parent: recorded.parent,
    survivors: recorded.survivors,
  };
  must(
    canonicalText(found) === canonicalText(same),
    `it says ${canonicalText(found)}, computed here: ${canonicalText(same)}`,
  );
  for (const msp of recorded.attestedBy)
    must(facts.attestations.has(msp), `it says that ${msp} attested it, and ${msp} did not`);
}
