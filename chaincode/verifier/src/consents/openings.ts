/** What a hospital opened of its records: salts, contents and, where asked for, patient numbers. Each must fit the ledger. */
import { ConsentContent, ConsentRef, ConsentSalt, type Msp } from '@consilium/domain';
import { must } from '../doubt.js';
import type { Entries } from '../pack/entries.js';
import type { Report } from '../pack/report.js';
import { list, nullable, of, record, text } from '../pack/shape.js';
import { canonicalText } from '../wire/canonicalText.js';
import { commitmentOf, subjectOf } from './formulas.js';
import type { PlacedEvent } from './homeEvents.js';

const OpeningsShape = list(
  record({ events: list(of(ConsentContent)), patient: nullable(text), ref: of(ConsentRef), salt: of(ConsentSalt) }),
);
export type Opening = ReturnType<typeof OpeningsShape>[number];

/** @returns openings by ref; empty where the pack opens nothing */
export function readOpenings(entries: Entries, report: Report): ReadonlyMap<ConsentRef, Opening> {
  const found = new Map<ConsentRef, Opening>();
  if (!entries.has('openings.json')) return found;
  report.try('openings.json', () => {
    for (const opening of OpeningsShape(entries.json('openings.json'), 'openings.json')) {
      must(!found.has(opening.ref), `${opening.ref} stands twice`);
      found.set(opening.ref, opening);
    }
  });
  return found;
}

/** An event whose content is known to be what its commitment says. */
export type OpenedEvent = PlacedEvent & Readonly<{ content: ConsentContent }>;

/**
 * Opens all of a record's events with its one salt.
 * @throws Doubt that names the event that is not opened, or by another salt
 */
export function openEvents(msp: Msp, events: readonly PlacedEvent[], opening: Opening): OpenedEvent[] {
  const { ref, salt, patient } = opening;
  const contents = new Map(opening.events.map((content) => [content.seq, content]));
  must(contents.size === opening.events.length, 'a content stands twice');
  const opened = events.map((each): OpenedEvent => {
    const { event } = each;
    const content = contents.get(event.seq);
    must(content !== undefined, `event ${event.seq} is not opened`);
    must(content.msp === msp && content.ref === ref, `the content of event ${event.seq} is of another record`);
    must(
      commitmentOf(salt, content) === event.commitment,
      `salt and content do not open the commitment of event ${event.seq}: another salt, or another content`,
    );
    checkSame(event, content);
    if (patient !== null)
      must(subjectOf(salt, patient) === content.subject, `event ${event.seq} is of another patient than is said`);
    return { ...each, content };
  });
  must(opened.length === contents.size, 'a content of an event that the ledger does not know');
  return opened;
}

/** What the ledger shows of an event must be what its content says. */
function checkSame(event: PlacedEvent['event'], content: ConsentContent): void {
  const fields = ['kind', 'policyVersion', 'validFrom', 'validTo', 'effectiveFrom'] as const;
  for (const field of fields)
    must(event[field] === content[field], `event ${event.seq}: its ${field} on the ledger is not that of its content`);
  const codes = [...new Set(content.terms.map(({ code }) => code))].sort();
  must(
    canonicalText([...new Set(event.codes)].sort()) === canonicalText(codes),
    `event ${event.seq}: its codes on the ledger are not those of its content`,
  );
}
