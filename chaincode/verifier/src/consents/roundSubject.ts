/** A pack about a round: every fact that hospitals recorded of it. */
import { Join, ledgerKey, Round, recordUnder, type StudyId } from '@consilium/domain';
import { must } from '../doubt.js';
import type { Evidence } from './evidence.js';

/** @throws Doubt */
export function checkRound(
  { study, round: number }: Readonly<{ study: StudyId; round: number }>,
  { questions, report }: Evidence,
): void {
  const { records, asOf } = questions.ask('RoundContract:roundFacts', { study, round: number });
  const record = records.find(({ key }) => key === ledgerKey.round(study, number));
  must(record !== undefined, 'the answer has no such round');
  const round = Round.parse(record.value);
  const joins = records
    .filter(({ key }) => key.startsWith('join~'))
    .map(({ key, value }) => recordUnder(Join, key, value));
  report.about.push(
    `about: round ${number} of study ${study} (${round.kind}), ${records.length} records as of ${new Date(asOf).toISOString()}`,
    ...joins.map(({ msp, at, cohort }) => {
      const told = cohort
        ? `, cohort ${cohort.root.slice(0, 16)}… of ${cohort.sizeBucket} under epoch ${cohort.restrictionEpoch}`
        : '';
      return `  joined by ${msp} at ${new Date(at).toISOString()}${told}`;
    }),
  );
  report.limits.push(
    'Training: that a hospital trained on the cohort it committed to, or on real data, no record shows.',
  );
}
