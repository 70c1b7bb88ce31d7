/** Data permits after article 68 of the EHDS regulation, which a study can rest on in place of consents. */
import { type DataPermit, refusal, type StudyVersion } from '@consilium/domain';
import { signerOf, writeConsent } from './consentRecords.js';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, standing } from './records.js';

/**
 * Stands once: with a later approval, opt-outs between the two would end a use that they did not.
 * @throws ConsiliumError NOT_A_MEMBER, INPUT_INVALID, CONSENT_EVENT_BACKDATED (approved in the future), PERMIT_STANDS
 */
export function recordPermit(
  { command, caller, at }: Asked<'ConsentContract:recordPermit'>,
  { newest, own }: Readonly<{ newest: StudyVersion; own: DataPermit | undefined }>,
): Decision {
  const { msp } = caller;
  const { study, permitId, approvedAt } = command;
  const { protocol } = newest;
  requireMember(study, protocol.members, msp);
  if (own) {
    if (own.permitId === permitId && own.approvedAt === approvedAt) return standing(own);
    throw refusal('PERMIT_STANDS', { permitId: own.permitId, msp, study });
  }
  if (protocol.consent?.legalBasis !== 'ehds-permit')
    throw refusal('INPUT_INVALID', { problems: `study: ${study} does not rest on an EHDS permit` });
  if (approvedAt > at) {
    const problem = `it is dated ${new Date(approvedAt).toISOString()}, and recorded at ${new Date(at).toISOString()}`;
    throw refusal('CONSENT_EVENT_BACKDATED', { kind: 'permit', problem });
  }
  const record: DataPermit = { ...command, msp, recordedBy: signerOf(caller), recordedAt: at };
  return { record, writes: [writeConsent.permit(record)] };
}
