/** A study against a hospital's policy: the contract asks at each join, the gateway before it selects, an officer before approving. */
import type { ConsentPolicy } from './consent.js';
import { abstains, allows, type Decision, decide, denies, type Finding } from './decision.js';
import { DUO, includesPurpose, isPermission } from './duo.js';
import type { StudyProtocol } from './study.js';
import { restrictionOf, useOf } from './useRestrictions.js';

/** What of a policy decides. */
export type DecidingPolicy = Pick<ConsentPolicy, 'permittedPurposes' | 'dataClasses' | 'legalBasis'>;
type Asked = Pick<StudyProtocol, 'purposes' | 'consent' | 'publicData'>;

/**
 * `allow`: the hospital takes part in studies of these purposes on this legal basis. Whether a patient is in it is for
 * `matchConsent`. A study that does not ask for consent is allowed where it is of public data.
 */
export function matchPolicy(policy: DecidingPolicy, protocol: Asked): Decision {
  const { consent, publicData } = protocol;
  if (consent) return decide(policyFindings(policy, protocol));
  return decide([
    publicData
      ? allows('public-data', 'The study is of public data: consent is not asked for.')
      : denies('consent-not-asked', 'The study does not ask for consent, and its data is not public.'),
  ]);
}

export function policyFindings(policy: DecidingPolicy, protocol: Asked): Finding[] {
  const { permittedPurposes } = policy;
  const permissions = permittedPurposes.filter(isPermission);
  const purposes = [...new Set(protocol.purposes)];
  const use = useOf(protocol);
  // A policy is of no moment in itself: its conditions have no time limits.
  const asked = { use, purposes, at: 0, since: 0 };
  const findings: Finding[] = purposes.map((purpose) => purposeFinding(purpose, permissions));
  if (purposes.length === 0) findings.push(abstains('purpose-missing', 'The study does not say what it is for.'));
  if (use.ancestryResearch && !permissions.some((permitted) => includesPurpose(permitted, DUO.POA)))
    findings.push(denies('policy-excludes-ancestry', 'The hospital does not permit research on origins or ancestry.'));
  if (use.clinicalCare && !permittedPurposes.includes(DUO.CC))
    findings.push(denies('policy-excludes-care', 'The hospital does not permit use in clinical care.'));
  for (const code of permittedPurposes)
    if (!isPermission(code)) findings.push(...definite(restrictionOf(code, [], asked)));
  return [...findings, ...classFindings(policy, protocol), ...basisFindings(policy, protocol)];
}

function purposeFinding(purpose: string, permissions: readonly string[]): Finding {
  if (!isPermission(purpose))
    return abstains('purpose-unknown', `What the purpose ${purpose} means is not known here.`);
  if (permissions.some((permitted) => includesPurpose(permitted, purpose)))
    return allows('policy-permits', `The hospital's policy permits ${PURPOSE_WORDS[purpose] ?? purpose}.`);
  return denies(
    'policy-excludes-purpose',
    `The hospital's policy does not permit ${PURPOSE_WORDS[purpose] ?? purpose}.`,
  );
}

/** Purposes in a patient's words. */
export const PURPOSE_WORDS: Readonly<Record<string, string>> = {
  [DUO.NRES]: 'use without any restriction',
  [DUO.GRU]: 'research of any kind',
  [DUO.HMB]: 'health or medical research',
  [DUO.DS]: 'research on certain diseases',
  [DUO.POA]: 'research on origins or ancestry',
};

function classFindings(policy: DecidingPolicy, { consent }: Asked): Finding[] {
  const missing = (consent?.dataClasses ?? []).filter((name) => !policy.dataClasses.includes(name));
  if (missing.length === 0) return [];
  return [
    denies(
      'policy-excludes-data',
      `The hospital's policy does not cover this kind of data: ${missing.sort().join(', ')}.`,
    ),
  ];
}

/** A permit does not stand in for consents that the hospital asks for. Consents are more than a permit asks for. */
function basisFindings(policy: DecidingPolicy, { consent }: Asked): Finding[] {
  if (consent?.legalBasis !== 'ehds-permit' || policy.legalBasis === 'ehds-permit') return [];
  return [
    denies(
      'policy-excludes-basis',
      "The study rests on a data permit, and the hospital's policy on patients' consent.",
    ),
  ];
}

function definite(finding: Finding | undefined): Finding[] {
  return finding ? [finding] : [];
}
