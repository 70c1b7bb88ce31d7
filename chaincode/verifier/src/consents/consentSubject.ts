/** A pack about one record: its whole history. */
import type { ConsentRef, Msp } from '@consilium/domain';
import { must } from '../doubt.js';
import { isBefore } from '../evidence/questions.js';
import type { Report } from '../pack/report.js';
import type { Evidence } from './evidence.js';
import { batchesMissing, type History, historyOf } from './history.js';
import { type PlacedEvent, readHomeEvents } from './homeEvents.js';
import { openEvents, readOpenings } from './openings.js';

/** Lines of one page. */
const EVENTS_TOLD_MAX = 20;

/** @throws Doubt */
export function checkConsent(
  { msp, ref }: Readonly<{ msp: Msp; ref: ConsentRef }>,
  { entries, questions, authors, report }: Evidence,
): void {
  const home = readHomeEvents(entries, questions, report);
  const history = historyOf(msp, ref, questions, home);
  report.about.push(`about: consent record ${ref} of ${msp}`);
  tellHistory(history, report);
  for (const [before, after] of history.events
    .slice(1)
    .map((each, k) => [history.events[k] as PlacedEvent, each] as const))
    must(!isBefore(after.place, before.place), `event ${after.event.seq} stands before the one that it follows`);
  const missing = batchesMissing(msp, questions, home);
  if (missing > 0)
    report.limits.push(
      `Events of this record that ${msp} keeps at home: ${missing} of its batches are not wholly here, so one in them could be missing.`,
    );
  const signers = new Set(
    [...authors.values()].map(
      ({ creator }) => `${creator.certificate.subject} (${creator.certificate.role ?? 'no role'})`,
    ),
  );
  report.about.push(`recorded by: ${[...signers].join('; ')}`);
  const openings = readOpenings(entries, report);
  for (const opening of openings.values())
    report.try(`opening of ${opening.ref}`, () => {
      must(opening.ref === ref, 'it is of another record');
      openEvents(msp, history.events, opening);
      const patient = opening.patient === null ? '' : ', and the record is tied to the patient number that is named';
      report.proven.push(`Contents: every event's content is the one that was committed to${patient}.`);
    });
  if (openings.size === 0)
    report.limits.push(
      'Contents: only codes, dates and commitments are here. What was consented to in full, and by whom, the hospital keeps.',
    );
}

function tellHistory({ events, hold, tombstone, asOf }: History, report: Report): void {
  const told = (instant: number) => new Date(instant).toISOString();
  const lines = events
    .slice(-EVENTS_TOLD_MAX)
    .map(
      ({ event, place, batch }) =>
        `  ${event.seq} ${event.kind} ${event.codes.join(' ')} effective ${told(event.effectiveFrom)}, recorded ${told(event.recordedAt)} ` +
        `in block ${place.block}${batch === null ? '' : ` (batch ${batch})`}, ${event.meaning}, ${event.reason}, policy ${event.policyVersion}`,
    );
  report.about.push(
    `events as of ${told(asOf)}: ${events.length}${events.length > EVENTS_TOLD_MAX ? `, the last ${EVENTS_TOLD_MAX} of them` : ''}`,
    ...lines,
  );
  if (hold?.stands) report.about.push(`  legal hold (${hold.ground}) since ${told(hold.setAt)}`);
  if (tombstone) report.about.push(`  erased ${told(tombstone.erasedAt)} (${tombstone.ground})`);
}
