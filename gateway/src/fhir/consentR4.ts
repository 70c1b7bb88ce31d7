/** FHIR R4 (4.0.1) Consent, read from and written to what it says. What R5 alone can say stands in HL7's extensions for it. */

import { readAttachment } from './attachment.js';
import { Extensions, readFrame, readOwn, writeFrame, writeOwn } from './consentParts.js';
import { readScope } from './consentScope.js';
import type { ConsentStatement, PolicyNamed, Source, StatementStatus, Verification } from './consentStatement.js';
import type { ElementReader } from './elementReader.js';
import { FhirInvalid } from './fhirIssue.js';
import type { Concept, Extension, Identifier, Json, R4Consent, Reference } from './fhirTypes.js';
import {
  listed,
  NOTHING_SAID,
  type Rule,
  readPeriod,
  readRule,
  type Validity,
  writePeriod,
  writeRule,
} from './provision.js';
import { r5Element } from './systems.js';

const STATUS: Readonly<Record<R4Consent['status'], StatementStatus>> = {
  draft: 'draft',
  proposed: 'proposed',
  active: 'active',
  rejected: 'refused',
  inactive: 'inactive',
  'entered-in-error': 'entered-in-error',
};
/** R5's own: in R4 they are not in force, and an extension says which it was. */
const R5_ONLY = ['not-done', 'unknown'] as const;
const R5_STATUS = r5Element('Consent.status');
const R5_GRANTEE = r5Element('Consent.grantee');
const R5_MANAGER = r5Element('Consent.manager');
const R5_CONTROLLER = r5Element('Consent.controller');
const R5_REGULATORY_BASIS = r5Element('Consent.regulatoryBasis');
const R5_VERIFICATION_TYPE = r5Element('Consent.verification.verificationType');
const R5_VERIFIED_BY = r5Element('Consent.verification.verifiedBy');
const R5_VERIFICATION_DATE = r5Element('Consent.verification.verificationDate');

/** Reads a valid R4 Consent. Problems are noted in the element's list. */
export function readR4(consent: ElementReader): ConsentStatement {
  const frame = readFrame(consent);
  const extensions = new Extensions(consent);
  const patient = consent.raw('patient') as Reference | undefined;
  if (patient === undefined) consent.problem('required', "a consent is some patient's", 'patient');
  const policyRule = consent.raw('policyRule') as Concept | undefined;
  const provision = readProvision(consent);
  const status = readStatus(consent, extensions, provision.decision);
  const statement: ConsentStatement = {
    ...frame,
    status,
    identifiers: consent.items<Identifier>('identifier'),
    patient: patient ?? {},
    scope: readScope(consent.raw('scope'), consent),
    categories: consent.items<Concept>('category'),
    dateTime: consent.text('dateTime') ?? null,
    grantors: consent.items<Reference>('performer'),
    grantees: extensions.values<Reference>(R5_GRANTEE, 'valueReference'),
    managers: [
      ...consent.items<Reference>('organization'),
      ...extensions.values<Reference>(R5_MANAGER, 'valueReference'),
    ],
    controllers: extensions.values<Reference>(R5_CONTROLLER, 'valueReference'),
    source: readSource(consent),
    policies: consent.children('policy').map(readPolicy),
    regulatoryBasis: [
      ...(policyRule === undefined ? [] : [policyRule]),
      ...extensions.values<Concept>(R5_REGULATORY_BASIS, 'valueCodeableConcept'),
    ],
    verifications: consent.children('verification').map(readVerification),
    ...provision,
    // R5 knows a refusal by its decision alone.
    decision: status === 'refused' ? 'deny' : provision.decision,
    ...readOwn(extensions, consent),
    extensions: extensions.others(),
  };
  consent.close();
  return statement;
}

function readStatus(
  consent: ElementReader,
  extensions: Extensions,
  decision: ConsentStatement['decision'],
): StatementStatus {
  const status = STATUS[consent.text('status') as R4Consent['status']];
  const ofR5 = extensions.value<string>(R5_STATUS, 'valueCode');
  const other = R5_ONLY.find((one) => one === ofR5);
  if (ofR5 !== undefined && (!other || status !== 'inactive'))
    consent.problem('code-invalid', `${R5_STATUS} is ${R5_ONLY.join(' or ')}, beside the status inactive`, 'extension');
  if (status === 'refused' && decision === 'permit')
    consent.problem('not-supported', 'what a rejected consent would have permitted is not read', 'provision');
  return other ?? (status === 'active' && decision === 'deny' ? 'refused' : status);
}

function readProvision(consent: ElementReader): Rule & Validity & Pick<ConsentStatement, 'decision'> {
  const root = consent.child('provision');
  const validity = readPeriod(root);
  const type = root?.text('type');
  if (!root || type === undefined) {
    const said = root ? readRule(root, '4.0') : NOTHING_SAID;
    if (writeRule(said, '4.0') !== undefined)
      root?.problem('required', 'whether it permits or denies is not said', 'type');
    return { decision: null, ...validity, ...NOTHING_SAID };
  }
  if (type === 'permit') return { decision: 'permit', ...validity, ...readRule(root, '4.0') };
  const [nested, another] = root.children('provision');
  if (!nested) return { decision: 'deny', ...validity, ...NOTHING_SAID };
  if (another) root.problem('not-supported', 'one rule that permits is understood inside one that denies', 'provision');
  if (nested.text('type') !== 'permit')
    nested.problem('not-supported', 'inside a rule that denies, one permits', 'type');
  return { decision: 'permit', ...readPeriod(nested, validity), ...readRule(nested, '4.0') };
}

function readSource(consent: ElementReader): Source | null {
  const attachment = consent.child('sourceAttachment');
  const reference = consent.raw('sourceReference') as Reference | undefined;
  if (attachment) return { attachment: readAttachment(attachment, '4.0') };
  return reference === undefined ? null : { reference };
}

function readPolicy(policy: ElementReader): PolicyNamed {
  const [authority, uri] = [policy.text('authority'), policy.text('uri')];
  return { ...(authority === undefined ? {} : { authority }), ...(uri === undefined ? {} : { uri }) };
}

function readVerification(verification: ElementReader): Verification {
  const extensions = new Extensions(verification);
  const type = extensions.value<Concept>(R5_VERIFICATION_TYPE, 'valueCodeableConcept');
  const by = extensions.value<Reference>(R5_VERIFIED_BY, 'valueReference');
  const withWhom = verification.raw('verifiedWith') as Reference | undefined;
  const date = verification.text('verificationDate');
  const dates = extensions.values<string>(R5_VERIFICATION_DATE, 'valueDateTime');
  extensions.close();
  return {
    verified: verification.raw('verified') === true,
    ...(type === undefined ? {} : { type }),
    ...(by === undefined ? {} : { by }),
    ...(withWhom === undefined ? {} : { with: withWhom }),
    dates: [...(date === undefined ? [] : [date]), ...dates],
  };
}

/** @throws FhirInvalid where R4 demands what is not there (ppc-1) */
export function writeR4(statement: ConsentStatement): R4Consent {
  const { policies, regulatoryBasis, decision } = statement;
  if (policies.length === 0 && regulatoryBasis.length === 0)
    throw new FhirInvalid([
      { code: 'invariant', expression: 'Consent', text: 'ppc-1: R4 has no consent without a policy or a policy rule' },
    ]);
  const [policyRule, ...moreBasis] = regulatoryBasis;
  const r5Status = R5_ONLY.find((one) => one === statement.status);
  const status = r5Status
    ? 'inactive'
    : (Object.keys(STATUS) as R4Consent['status'][]).find((code) => STATUS[code] === statement.status);
  const period = writePeriod(statement);
  const provision = {
    ...(decision === null ? {} : { type: decision }),
    ...(period ? { period } : {}),
    ...writeRule(statement, '4.0'),
  };
  const extension: Extension[] = [
    ...(r5Status ? [{ url: R5_STATUS, valueCode: r5Status }] : []),
    ...references(R5_GRANTEE, statement.grantees),
    ...references(R5_MANAGER, statement.managers),
    ...references(R5_CONTROLLER, statement.controllers),
    ...moreBasis.map((valueCodeableConcept) => ({ url: R5_REGULATORY_BASIS, valueCodeableConcept })),
    ...writeOwn(statement),
    ...statement.extensions,
  ];
  const written: Json = {
    resourceType: 'Consent',
    ...writeFrame(statement),
    ...listed('extension', extension),
    ...listed('identifier', statement.identifiers),
    status,
    scope: statement.scope,
    category: statement.categories,
    patient: statement.patient,
    ...(statement.dateTime === null ? {} : { dateTime: statement.dateTime }),
    ...listed('performer', statement.grantors),
    ...(statement.source && 'attachment' in statement.source ? { sourceAttachment: statement.source.attachment } : {}),
    ...(statement.source && 'reference' in statement.source ? { sourceReference: statement.source.reference } : {}),
    ...listed('policy', policies),
    ...(policyRule === undefined ? {} : { policyRule }),
    ...listed('verification', statement.verifications.map(writeVerification)),
    ...(Object.keys(provision).length > 0 ? { provision } : {}),
  };
  return written as unknown as R4Consent;
}

const references = (url: string, of: readonly Reference[]): Extension[] =>
  of.map((valueReference) => ({ url, valueReference }));

function writeVerification({ verified, type, by, with: withWhom, dates }: Verification): Json {
  const [date, ...more] = dates;
  return {
    ...listed('extension', [
      ...(type === undefined ? [] : [{ url: R5_VERIFICATION_TYPE, valueCodeableConcept: type }]),
      ...(by === undefined ? [] : [{ url: R5_VERIFIED_BY, valueReference: by }]),
      ...more.map((valueDateTime) => ({ url: R5_VERIFICATION_DATE, valueDateTime })),
    ]),
    verified,
    ...(withWhom === undefined ? {} : { verifiedWith: withWhom }),
    ...(date === undefined ? {} : { verificationDate: date }),
  };
}
