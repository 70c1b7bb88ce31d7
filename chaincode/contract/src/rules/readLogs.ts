/** The head of a hospital's log of its officers' own reads, one for each day: whoever shortens the log later is found out. */
import { type ReadLogHead, refusal } from '@consilium/domain';
import { writeConsent } from './consentRecords.js';
import type { Asked } from './permissions.js';
import { type Decision, standing } from './records.js';

/**
 * A day's head gives way only to one with more entries.
 * @throws ConsiliumError INPUT_INVALID (a day that has not begun, in UTC), READ_LOG_BROKEN
 */
export function anchorReadLog(
  { command, caller, at }: Asked<'ConsentContract:anchorReadLog'>,
  { own }: Readonly<{ own: ReadLogHead | undefined }>,
): Decision {
  const { day, head, entries } = command;
  if (day > new Date(at).toISOString().slice(0, 10))
    throw refusal('INPUT_INVALID', { problems: `day: ${day} has not begun` });
  if (own?.head === head && own.entries === entries) return standing(own);
  if (own && entries <= own.entries)
    throw refusal('READ_LOG_BROKEN', {
      problem: `${own.entries} entries of ${day} are anchored, another head with ${entries} does not go on from them`,
    });
  const record: ReadLogHead = { msp: caller.msp, ...command, anchoredAt: at };
  return { record, writes: [writeConsent.readLog(record)] };
}
