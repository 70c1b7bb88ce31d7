/** What a hospital lets its patients' data be used for, and on which words. Versions are added, never changed. */
import {
  type ConsentPolicy,
  type ConsentPolicyHead,
  ConsentPolicyText,
  canonicalJson,
  type RestrictionEpoch,
  refusal,
} from '@consilium/domain';
import { codesAllowLess } from './consentNarrowing.js';
import { grownEpoch, signerOf, writeConsent } from './consentRecords.js';
import type { Asked } from './permissions.js';
import { type Decision, standing } from './records.js';

export type PolicyFacts = Readonly<{ newest: ConsentPolicy | undefined; epoch: RestrictionEpoch | undefined }>;

/**
 * The text that stands already is not published again. A version that allows less makes every cohort stale that was
 * selected under the one before.
 * @throws ConsiliumError INPUT_INVALID (silence permits only where patients opt out of a permit)
 */
export function publishPolicy(
  { command, caller, at }: Asked<'ConsentContract:publishPolicy'>,
  { newest, epoch }: PolicyFacts,
): Decision {
  const { msp } = caller;
  if (command.silence === 'permit' && command.legalBasis !== 'ehds-permit')
    throw refusal('INPUT_INVALID', { problems: 'silence: it permits only under the legal basis ehds-permit' });
  if (newest && canonicalJson(textOf(newest)) === canonicalJson(command)) return standing(newest);
  const version = (newest?.version ?? 0) + 1;
  const restricts = newest !== undefined && allowsLess(newest, command);
  const record: ConsentPolicy = { msp, version, ...command, restricts, publishedBy: signerOf(caller), publishedAt: at };
  const head: ConsentPolicyHead = { msp, versions: version };
  const writes = [writeConsent.policyHead(head), writeConsent.policy(record)];
  return { record, writes: restricts ? [...writes, grownEpoch(msp, epoch)] : writes };
}

function textOf(policy: ConsentPolicy): ConsentPolicyText {
  const names = Object.keys(ConsentPolicyText.shape) as (keyof ConsentPolicyText)[];
  return ConsentPolicyText.parse(Object.fromEntries(names.map((name) => [name, policy[name]])));
}

/**
 * Whether some patient that the old policy let in could be left out by the new one. Another legal basis asks other
 * questions of each patient, another placement other proofs. Title, text, retention and private copies select nobody.
 */
function allowsLess(before: ConsentPolicyText, after: ConsentPolicyText): boolean {
  return (
    codesAllowLess(before.permittedPurposes, after.permittedPurposes) ||
    losesClass(before.dataClasses, after.dataClasses) ||
    (before.silence === 'permit' && after.silence === 'deny') ||
    before.legalBasis !== after.legalBasis ||
    before.placement !== after.placement
  );
}

/** No class named is every class, or none: in doubt, naming some where none stood is less. */
function losesClass(before: readonly string[], after: readonly string[]): boolean {
  if (before.length === 0) return after.length > 0;
  return before.some((name) => !after.includes(name));
}
