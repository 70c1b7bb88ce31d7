/** Batches of events that a hospital keeps at home: here stands the root that proves each, and how many there are. */
import {
  type ConsentBatch,
  type ConsentPolicy,
  canonicalJson,
  type RestrictionEpoch,
  refusal,
} from '@consilium/domain';
import { grownEpoch, signerOf, writeConsent } from './consentRecords.js';
import type { Asked } from './permissions.js';
import { type Decision, standing } from './records.js';

export type ConsentRootFacts = Readonly<{
  policy: ConsentPolicy | undefined;
  /** The batch that stands under this number. */
  own: ConsentBatch | undefined;
  /** The number of the next batch; asked where none stands under this one. */
  next: number;
  /** Read only where the batch restricts. */
  epoch: RestrictionEpoch | undefined;
}>;

/** @throws ConsiliumError CONSENT_POLICY_UNKNOWN, CONSENT_PLACEMENT_WRONG, CONSENT_BATCH_NOT_NEXT */
export function recordConsentRoot(
  { command, caller, at }: Asked<'ConsentContract:recordConsentRoot'>,
  { policy, own, next, epoch }: ConsentRootFacts,
): Decision {
  const { msp } = caller;
  const { batch, policyVersion: version } = command;
  if (own) {
    const { msp: _, recordedBy, recordedAt, ...said } = own;
    if (canonicalJson(said) === canonicalJson(command)) return standing(own);
  }
  if (own || batch !== next) throw refusal('CONSENT_BATCH_NOT_NEXT', { msp, expected: next, found: batch });
  if (!policy) throw refusal('CONSENT_POLICY_UNKNOWN', { msp, version });
  if (policy.placement !== 'roots')
    throw refusal('CONSENT_PLACEMENT_WRONG', { version, msp, placement: 'every event', wanted: 'the events' });
  const record: ConsentBatch = { msp, ...command, recordedBy: signerOf(caller), recordedAt: at };
  const writes = [writeConsent.batch(record)];
  return { record, writes: command.restricts ? [...writes, grownEpoch(msp, epoch)] : writes };
}
