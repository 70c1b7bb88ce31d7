/** A hospital makes itself known to the channel, and changes what is known of it. */
import { canonicalJson, type Hospital } from '@consilium/domain';
import type { Asked } from './permissions.js';
import { type Decision, standing, write } from './records.js';

export function registerHospital(
  { command, caller }: Asked<'HospitalContract:registerHospital'>,
  facts: Readonly<{ own: Hospital | undefined }>,
): Decision {
  const record: Hospital = { ...command, msp: caller.msp };
  if (facts.own && canonicalJson(facts.own) === canonicalJson(record)) return standing(facts.own);
  return { record, writes: [write.hospital(record)] };
}
