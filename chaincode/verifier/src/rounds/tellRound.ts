/** What a round computed again shows, and what no computation can. */
import type { RoundState } from '@consilium/domain';
import type { Report } from '../pack/report.js';
import { canonicalText } from '../wire/canonicalText.js';
import { attested } from './agreedOutcome.js';
import type { Computed } from './recomputedRound.js';
import type { RoundRecords } from './roundRecords.js';

type Told = Readonly<{
  records: RoundRecords;
  state: RoundState;
  made: Computed | undefined;
  receipts: number;
  /** Reveals in the blocks that are here, valid or not. */
  shownReveals: number;
  areFiguresReported: boolean;
}>;

export function tellRound({ records, state, made, ...counted }: Told, report: Report): void {
  const { facts, version } = records;
  const { protocol } = version;
  const { study, round, kind, base, shareKeys } = facts.round;
  report.about.push(
    `about: round ${round} of study ${study} (${kind}, ${shareKeys ? 'private' : 'open'}), as of ${new Date(records.asOf).toISOString()}`,
    `  protocol ${facts.round.protocolHash}, version ${version.version}, approved by ${protocol.members.join(', ')}`,
  );
  if (base) report.about.push(`  base: version ${base.version}, ${base.digest}`);
  if (state.roster) report.about.push(`  joined: ${state.roster.join(', ')}`);
  if (state.survivors) report.about.push(`  contributed: ${state.survivors.join(', ')}`);
  tellOutcome(records, made, report);
  if (made) tellProven(records, made, counted, report);
  tellLimits(records, report);
}

function tellOutcome(records: RoundRecords, made: Computed | undefined, report: Report): void {
  const agreed = attested(records);
  for (const [msp, { outcome }] of records.facts.attestations)
    if (agreed && canonicalText(outcome) !== canonicalText(agreed.outcome))
      report.about.push(`  DISPUTED by ${msp}: it attested ${canonicalText(outcome)}`);
  if (!made) return;
  const { outcome } = made;
  if (outcome.kind === 'version') {
    if (outcome.sumDigest) report.about.push(`  sum, computed here: ${outcome.sumDigest}`);
    report.about.push(`  version, computed here: ${outcome.digest}`, `  result: ${canonicalText(outcome.result)}`);
  } else report.about.push(`  no version: ${canonicalText(outcome)}`);
}

function tellProven(
  { facts, version }: RoundRecords,
  { outcome, sum }: Computed,
  { receipts, shownReveals, areFiguresReported }: Pick<Told, 'receipts' | 'shownReveals' | 'areFiguresReported'>,
  report: Report,
): void {
  const { rule, server } = version.protocol.aggregation;
  if (facts.round.kind === 'initial')
    report.proven.push('Version: the first weights follow from the protocol alone, computed again here.');
  else
    report.proven.push(
      `Bytes: every survivor's vector is the one that it contributed, and ${receipts} members' receipts for them hold.`,
    );
  if (facts.round.shareKeys)
    report.proven.push(
      `Masks: ${facts.reveals.size} holders opened shares, each the one that its dealer listed, never both of one hospital` +
        `${shownReveals > 0 ? ` in any of ${shownReveals} reveals in the blocks here, refused ones too` : ''}` +
        `${sum ? '; the secrets are those that joins committed to, and took the masks off the sum' : ''}.`,
    );
  if (sum)
    report.proven.push(
      `Sum, result and version follow from these bytes by the protocol (${rule}, ${server.kind}), computed again here.`,
    );
  if (outcome.kind === 'sealed') report.proven.push(`That the sum cannot be opened: ${outcome.reason}.`);
  if (areFiguresReported) report.proven.push('Figures that hospitals report each of their own add up to the sum.');
}

function tellLimits({ facts, version, models }: RoundRecords, report: Report): void {
  const { base, round, shareKeys } = facts.round;
  if (base)
    report.limits.push(
      `The base: that version ${base.version} was made as it should be. A majority recorded it; the pack of round ${base.version} shows it.`,
    );
  if (!models.has(round))
    report.limits.push('The record: this version stands attested, and is recorded only once the next round opens.');
  if (facts.round.kind !== 'initial')
    report.limits.push(
      'Training: that a hospital trained, or evaluated, honestly and on real patients, no record shows.',
    );
  if (shareKeys)
    report.limits.push(
      'Clipping: in private mode nobody but its sender sees one update, so that it was clipped binds honest hospitals only.',
    );
  if (version.protocol.privacy)
    report.limits.push('Noise: that each hospital added what the protocol asks for shows in no sum.');
}
