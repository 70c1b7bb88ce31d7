/**
 * A pack about one record in the cohorts that its hospital committed to. A patient has exactly one possible position in a
 * round: that of the salt which opens the patient's own commitments. So a path shows presence or absence for good.
 */
import { type ConsentRef, Join, type Msp, RoundNumber, recordUnder, type StudyId } from '@consilium/domain';
import { Doubt, must } from '../doubt.js';
import { list, of, record } from '../pack/shape.js';
import { readBase64 } from '../wire/canonicalText.js';
import { provenIn } from './cohortProof.js';
import type { Evidence } from './evidence.js';
import { positionOf } from './formulas.js';
import { historyOf } from './history.js';
import { readHomeEvents } from './homeEvents.js';
import { openEvents, readOpenings } from './openings.js';

const ProofsShape = list(
  record({ proof: (value: unknown, what: string) => readBase64(value, what), round: of(RoundNumber) }),
);

/** @throws Doubt */
export function checkMembership(
  { msp, ref, study }: Readonly<{ msp: Msp; ref: ConsentRef; study: StudyId }>,
  { entries, questions, report }: Evidence,
): void {
  report.about.push(`about: consent record ${ref} of ${msp} in the cohorts of study ${study}`);
  const history = historyOf(msp, ref, questions, readHomeEvents(entries, questions, report));
  const opening = readOpenings(entries, report).get(ref);
  if (!opening) throw new Doubt('its salt is not opened: a position could be anyone’s');
  openEvents(msp, history.events, opening);
  if (history.events.length > 0)
    report.proven.push(
      `The salt is the one that opens all ${history.events.length} commitments of the record, so it has one position in each round.`,
    );
  else
    report.limits.push(
      'The record has no event on the channel, so nothing ties its salt to it: another salt would give another position.',
    );
  const proofs = new Map(
    ProofsShape(entries.json('membership.json'), 'membership.json').map(({ round, proof }) => [round, proof]),
  );
  const { records, asOf } = questions.ask('ConsentContract:cohortUse', { study });
  const joins = records
    .filter(({ key }) => key.startsWith('join~'))
    .map(({ key, value }) => recordUnder(Join, key, value))
    .filter((join) => join.msp === msp);
  for (const { round, cohort, at } of joins)
    report.try(`round ${round}`, () => {
      if (!cohort) return;
      const proof = proofs.get(round);
      must(proof !== undefined, 'whether the record was in its cohort is not shown');
      proofs.delete(round);
      const position = positionOf(opening.salt, ref, study, round);
      const answer = provenIn(cohort.root, Buffer.from(position, 'hex'), proof);
      report.about.push(
        `  round ${round}, joined ${new Date(at).toISOString()}: ${answer === 'present' ? 'IN the cohort' : 'not in the cohort'}`,
      );
    });
  for (const round of proofs.keys()) report.fail(`round ${round}`, `${msp} did not join it with a cohort`);
  report.proven.push(
    `Cohorts: of every round that ${msp} joined up to ${new Date(asOf).toISOString()}, one path each shows whether the record was in.`,
  );
  report.limits.push(
    'Training: that a hospital trained on the cohort it committed to, and on nobody else, no record shows.',
  );
}
