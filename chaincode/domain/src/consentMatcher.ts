/**
 * One patient's consent against a study. The same function decides in the gateway's selection, in an auditor's verifier and
 * on a patient's page, so it looks nothing up: what it needs is handed in, and its answer is the same for ever.
 *
 * The shape of it is that of DUOS, the Broad Institute's matcher (Lawson et al., The Data Use Ontology to streamline
 * responsible access to human biomedical datasets, Cell Genomics 1(2), 2021): allow, deny or abstain, with the reason.
 */
import type { ConsentContent, ConsentPolicy, ConsentTerm, DataPermit } from './consent.js';
import { abstains, allows, type Decision, decide, denies, type Finding } from './decision.js';
import { areNamed } from './diseases.js';
import { DUO, includesPurpose, isPermission } from './duo.js';
import type { Instant } from './ids.js';
import { type DecidingPolicy, matchPolicy, PURPOSE_WORDS, policyFindings } from './policyMatcher.js';
import type { StudyProtocol } from './study.js';
import { type AskedUse, restrictionOf, useOf } from './useRestrictions.js';

export type ConsentAsked = Readonly<{
  /** What is in force of the patient at `at`; undefined: none is on file. */
  content: ConsentContent | undefined;
  /** The hospital's newest policy. */
  policy: DecidingPolicy & Pick<ConsentPolicy, 'msp' | 'version' | 'silence'>;
  /** The version that the content names; absent: `policy` itself, where it has that version. */
  givenUnder?: Pick<ConsentPolicy, 'version' | 'dataClasses'> | undefined;
  study: Readonly<{ protocol: StudyProtocol }>;
  /** Under which the study uses this hospital's data. */
  permit?: DataPermit | undefined;
  /** When the patient opted out of use under permits, where that stands. */
  optedOutAt?: Instant | undefined;
  at: Instant;
}>;

/** Only `allow` selects. Nothing on file denies, unless a permit and the hospital's policy let silence permit. */
export function matchConsent(asked: ConsentAsked): Decision {
  const { content, policy, study } = asked;
  const { protocol } = study;
  if (!protocol.consent) return matchPolicy(policy, protocol);
  const isPermitted = protocol.consent.legalBasis === 'ehds-permit';
  const findings = policyFindings(policy, protocol).filter(({ answer }) => answer !== 'allow');
  if (isPermitted) findings.push(...permitFindings(asked));
  if (content && content.msp !== policy.msp)
    findings.push(denies('other-hospital', 'The consent was given to another hospital.'));
  if (content && saysTerms(content)) findings.push(...contentFindings(content, asked));
  else findings.push(...silenceFindings(asked, isPermitted));
  return decide(findings);
}

/** A grant or a change says what is allowed; others say that it ended, or that the patient says nothing (again). */
function saysTerms({ kind }: ConsentContent): boolean {
  return kind === 'grant' || kind === 'change';
}

function permitFindings({ permit, policy, at, content, optedOutAt }: ConsentAsked): Finding[] {
  if (!permit || permit.msp !== policy.msp)
    return [denies('permit-missing', 'The study rests on a data permit, and the hospital has recorded none.')];
  if (permit.approvedAt > at)
    return [denies('permit-not-yet', 'The data permit that the study rests on was not approved yet.')];
  const optedOut = Math.min(
    optedOutAt ?? Number.POSITIVE_INFINITY,
    content?.kind === 'opt-out' ? content.effectiveFrom : Number.POSITIVE_INFINITY,
  );
  // Regulation (EU) 2025/327, article 71: an opt-out ends no use under permits that were approved before it.
  if (optedOut <= permit.approvedAt)
    return [denies('opted-out', 'The patient opted out before the data permit was approved.')];
  if (optedOut <= at)
    return [
      allows(
        'opted-out-after-permit',
        'The patient opted out after the data permit was approved: this use goes on, later ones do not begin.',
      ),
    ];
  return [];
}

/** Nothing on file, an end, or an opt-out or opt-in: all without terms. */
function silenceFindings({ content, policy, optedOutAt }: ConsentAsked, isPermitted: boolean): Finding[] {
  if (content?.kind === 'withdraw') return [denies('withdrawn', 'The consent was withdrawn.')];
  if (content?.kind === 'expire') return [denies('expired', 'The consent has ended.')];
  if (isPermitted && policy.silence === 'permit')
    return [allows('silence-permits', 'The hospital shares data under data permits unless a patient opts out.')];
  if (content?.kind === 'opt-out' || optedOutAt !== undefined) return [denies('opted-out', 'The patient opted out.')];
  return [denies('nothing-on-file', 'No consent is on file, and nothing is used without one.')];
}

function contentFindings(content: ConsentContent, asked: ConsentAsked): Finding[] {
  const { study, at } = asked;
  const { protocol } = study;
  const use = useOf(protocol);
  const since = content.validFrom ?? content.effectiveFrom;
  const purposes = [...new Set(protocol.purposes)];
  const askedUse: AskedUse = { use, purposes, at, since };
  const findings: Finding[] = [...timeFindings(content, at), ...dataFindings(content, asked)];
  const permissions = content.terms.filter(({ code }) => isPermission(code));
  for (const purpose of purposes) findings.push(purposeFinding(purpose, permissions, protocol));
  if (use.ancestryResearch && !permits(DUO.POA, permissions, protocol))
    findings.push(
      denies('ancestry-not-allowed', 'The study looks at origins or ancestry, and the consent does not allow that.'),
    );
  if (use.clinicalCare && !content.terms.some(({ code, values }) => code === DUO.CC && values.length === 0))
    findings.push(denies('care-not-allowed', 'The study guides clinical care, and the consent does not allow that.'));
  for (const { code, values } of content.terms) {
    const finding = isPermission(code) ? undefined : restrictionOf(code, values, askedUse);
    if (finding) findings.push(finding);
  }
  return findings;
}

/** In force from its first instant to the one before its last. */
function timeFindings({ validFrom, validTo, effectiveFrom }: ConsentContent, at: Instant): Finding[] {
  const findings: Finding[] = [];
  if (effectiveFrom > at || (validFrom !== null && validFrom > at))
    findings.push(denies('not-yet-valid', 'The consent is not valid yet.'));
  if (validTo !== null && validTo <= at) findings.push(denies('expired', 'The consent has ended.'));
  return findings;
}

function dataFindings(content: ConsentContent, { policy, givenUnder, study }: ConsentAsked): Finding[] {
  const wanted = study.protocol.consent?.dataClasses ?? [];
  if (wanted.length === 0 && content.dataClasses.length > 0)
    return [
      abstains('data-untold', 'The consent covers certain kinds of data, and the study does not say which it uses.'),
    ];
  if (wanted.length === 0) return [];
  const covered = content.dataClasses.length > 0 ? content.dataClasses : classesGiven(content, [givenUnder, policy]);
  if (!covered)
    return [
      abstains('data-unclear', 'The consent covers what an earlier policy named, and that policy is not at hand.'),
    ];
  if (wanted.every((name) => covered.includes(name))) return [];
  return [denies('data-not-covered', 'The study uses kinds of data that the consent does not cover.')];
}

/** A consent that names no class covers those of the policy that the patient was shown, not of a later one. */
function classesGiven({ policyVersion }: ConsentContent, policies: readonly ConsentAsked['givenUnder'][]) {
  return policies.find((policy) => policy?.version === policyVersion)?.dataClasses;
}

function purposeFinding(purpose: string, permissions: readonly ConsentTerm[], protocol: StudyProtocol): Finding {
  const words = PURPOSE_WORDS[purpose] ?? purpose;
  if (permits(purpose, permissions, protocol)) return allows('purpose-allowed', `The consent allows ${words}.`);
  if (purpose === DUO.DS && permissions.some(({ code }) => code === DUO.DS))
    return denies(
      'disease-not-allowed',
      'The consent allows research on certain diseases, and the study is about another one.',
    );
  return denies('purpose-not-allowed', `The study is for ${words}, and the consent does not allow that.`);
}

/** Whether one of the permissions holds the purpose; one with values that it cannot have holds nothing. */
function permits(purpose: string, permissions: readonly ConsentTerm[], protocol: StudyProtocol): boolean {
  const isWhole = permissions.some(
    ({ code, values }) => code !== DUO.DS && values.length === 0 && includesPurpose(code, purpose),
  );
  if (isWhole || purpose !== DUO.DS) return isWhole;
  const named = new Set(permissions.flatMap(({ code, values }) => (code === DUO.DS ? values : [])));
  return areNamed(useOf(protocol).diseases, named);
}
