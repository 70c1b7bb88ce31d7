/**
 * FHIR R5 (5.0.0) Consent, read from and written to what it says. R5's decision holds for everything, and its provisions are
 * exceptions to it: a consent that permits some use is written as `deny` with one provision, never as `permit` with one.
 */
import { readAttachment, writeAttachment } from './attachment.js';
import { Extensions, readFrame, readOwn, writeFrame, writeOwn } from './consentParts.js';
import { RESEARCH_CATEGORY, RESEARCH_SCOPE, readScope } from './consentScope.js';
import type { ConsentStatement, PolicyNamed, Source, StatementStatus, Verification } from './consentStatement.js';
import type { ElementReader } from './elementReader.js';
import {
  type Concept,
  type Extension,
  type Identifier,
  isJson,
  type Json,
  type R5Consent,
  type Reference,
} from './fhirTypes.js';
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
import { r4Element } from './systems.js';

const R4_SCOPE = r4Element('Consent.scope');
const R4_STATUS = r4Element('Consent.status');
const R4_DATE_TIME = r4Element('Consent.dateTime');
const R4_POLICY = r4Element('Consent.policy');

const R4_PERFORMERS = ['Organization', 'Patient', 'Practitioner', 'RelatedPerson', 'PractitionerRole'];

/** Reads a valid R5 Consent. Problems are noted in the element's list. */
export function readR5(consent: ElementReader): ConsentStatement {
  const frame = readFrame(consent);
  const extensions = new Extensions(consent);
  const patient = consent.raw('subject') as Reference | undefined;
  if (patient === undefined) consent.problem('required', "a consent is some patient's", 'subject');
  requireOnly(['Patient'], patient === undefined ? [] : [patient], 'subject', consent);
  const scope = extensions.value<Concept>(R4_SCOPE, 'valueCodeableConcept');
  const categories = consent.items<Concept>('category');
  const provision = readProvision(consent);
  const statement: ConsentStatement = {
    ...frame,
    status: readStatus(consent, extensions, provision),
    identifiers: consent.items<Identifier>('identifier'),
    patient: patient ?? {},
    scope: scope === undefined ? RESEARCH_SCOPE : readScope(scope, consent),
    categories: categories.length > 0 ? categories : [RESEARCH_CATEGORY],
    dateTime: readDate(consent),
    grantors: requireOnly(R4_PERFORMERS, consent.items<Reference>('grantor'), 'grantor', consent),
    grantees: consent.items<Reference>('grantee'),
    managers: consent.items<Reference>('manager'),
    controllers: consent.items<Reference>('controller'),
    source: readSource(consent),
    policies: readPolicies(consent, extensions),
    regulatoryBasis: consent.items<Concept>('regulatoryBasis'),
    verifications: consent.children('verification').map(readVerification),
    ...provision,
    ...readOwn(extensions, consent),
    extensions: extensions.others(),
  };
  consent.close();
  return statement;
}

/** Kinds that R4 has no place for are refused: there they would be no valid resource. */
function requireOnly(types: readonly string[], of: readonly Reference[], name: string, consent: ElementReader) {
  for (const { reference = '', type } of of) {
    const kind = type ?? /^(?:.*\/)?([A-Z][A-Za-z]+)\/[^/]+$/.exec(reference)?.[1];
    if (kind !== undefined && !types.includes(kind))
      consent.problem('not-supported', `refers to another kind than ${types.join(', ')}: R4 has no place for it`, name);
  }
  return of;
}

function readStatus(
  consent: ElementReader,
  extensions: Extensions,
  { decision }: Pick<ConsentStatement, 'decision'>,
): StatementStatus {
  const status = consent.text('status') as R5Consent['status'];
  const ofR4 = extensions.value<string>(R4_STATUS, 'valueCode');
  if (ofR4 !== undefined && (ofR4 !== 'proposed' || status !== 'draft'))
    consent.problem('code-invalid', `${R4_STATUS} is proposed, beside the status draft`, 'extension');
  if (ofR4 === 'proposed') return 'proposed';
  return status === 'active' && decision === 'deny' ? 'refused' : status;
}

function readProvision(consent: ElementReader): Rule & Validity & Pick<ConsentStatement, 'decision'> {
  const decision = consent.text('decision');
  const validity = readPeriod(consent);
  const [rule, another] = consent.children('provision');
  if (another) consent.problem('not-supported', 'one exception to the decision is understood', 'provision');
  if (decision === undefined) {
    if (rule) consent.problem('required', 'whether it permits or denies is not said', 'decision');
    return { decision: null, ...validity, ...NOTHING_SAID };
  }
  if (decision === 'permit') {
    if (rule)
      consent.problem('not-supported', 'what is permitted is understood as an exception to "deny" alone', 'provision');
    return { decision: 'permit', ...validity, ...NOTHING_SAID };
  }
  if (!rule) return { decision: 'deny', ...validity, ...NOTHING_SAID };
  return { decision: 'permit', ...readPeriod(rule, validity), ...readRule(rule, '5.0') };
}

/** R5's date is a day; the time that R4 has stands in an extension of it. */
function readDate(consent: ElementReader): string | null {
  const date = consent.text('date');
  const companion = consent.child('_date');
  const extensions = companion && new Extensions(companion);
  const written = extensions?.value<string>(R4_DATE_TIME, 'valueDateTime');
  extensions?.close();
  if (written !== undefined && (date === undefined || !written.startsWith(date)))
    consent.problem('value', `${R4_DATE_TIME} is another day than the date`, 'date');
  return written ?? date ?? null;
}

function readSource(consent: ElementReader): Source | null {
  const [attachments, references] = [consent.children('sourceAttachment'), consent.items<Reference>('sourceReference')];
  if (attachments.length + references.length > 1)
    consent.problem(
      'not-supported',
      'one source is kept: R4 has no more',
      references.length > 0 ? 'sourceReference' : 'sourceAttachment',
    );
  const [attachment, reference] = [attachments[0], references[0]];
  if (attachment) return { attachment: readAttachment(attachment, '5.0') };
  return reference === undefined ? null : { reference };
}

/** `policyBasis.url`, then what R4 calls policies. */
function readPolicies(consent: ElementReader, extensions: Extensions): PolicyNamed[] {
  const uri = consent.child('policyBasis')?.text('url');
  const others = extensions.values<Json[]>(R4_POLICY, 'extension').map((parts) => {
    const part = (name: string) => parts.find(({ url }) => url === name)?.valueUri;
    const [authority, named] = [part('authority'), part('uri')];
    const known = parts.every((one) => isJson(one) && (one.url === 'authority' || one.url === 'uri'));
    if (!known) consent.problem('not-supported', `${R4_POLICY} has an "authority" and a "uri"`, 'extension');
    return {
      ...(typeof authority === 'string' ? { authority } : {}),
      ...(typeof named === 'string' ? { uri: named } : {}),
    };
  });
  return [...(uri === undefined ? [] : [{ uri }]), ...others];
}

function readVerification(verification: ElementReader): Verification {
  const type = verification.raw('verificationType') as Concept | undefined;
  const by = verification.raw('verifiedBy') as Reference | undefined;
  const withWhom = verification.raw('verifiedWith') as Reference | undefined;
  return {
    verified: verification.raw('verified') === true,
    ...(type === undefined ? {} : { type }),
    ...(by === undefined ? {} : { by }),
    ...(withWhom === undefined ? {} : { with: withWhom }),
    dates: verification.items<string>('verificationDate'),
  };
}

export function writeR5(statement: ConsentStatement): R5Consent {
  const { status, decision, dateTime, source, policies } = statement;
  const rule = writeRule(statement, '5.0');
  const period = writePeriod(statement);
  const day = dateTime === null ? undefined : (/^[^T]+/.exec(dateTime)?.[0] ?? dateTime);
  const first = policies[0]?.authority === undefined ? policies[0]?.uri : undefined;
  const extension: Extension[] = [
    ...(status === 'proposed' ? [{ url: R4_STATUS, valueCode: 'proposed' }] : []),
    { url: R4_SCOPE, valueCodeableConcept: statement.scope },
    ...(first === undefined ? policies : policies.slice(1)).map(writePolicy),
    ...writeOwn(statement),
    ...statement.extensions,
  ];
  const written: Json = {
    resourceType: 'Consent',
    ...writeFrame(statement),
    ...listed('extension', extension),
    ...listed('identifier', statement.identifiers),
    status: status === 'proposed' ? 'draft' : status === 'refused' ? 'active' : status,
    category: statement.categories,
    subject: statement.patient,
    ...(day === undefined ? {} : { date: day }),
    ...(dateTime === null || day === dateTime
      ? {}
      : { _date: { extension: [{ url: R4_DATE_TIME, valueDateTime: dateTime }] } }),
    ...(period ? { period } : {}),
    ...listed('grantor', statement.grantors),
    ...listed('grantee', statement.grantees),
    ...listed('manager', statement.managers),
    ...listed('controller', statement.controllers),
    ...(source && 'attachment' in source ? { sourceAttachment: [writeAttachment(source.attachment, '5.0')] } : {}),
    ...(source && 'reference' in source ? { sourceReference: [source.reference] } : {}),
    ...listed('regulatoryBasis', statement.regulatoryBasis),
    ...(first === undefined ? {} : { policyBasis: { url: first } }),
    ...listed('verification', statement.verifications.map(writeVerification)),
    // The contrary of what the provision allows: an exception to "permit" would forbid it.
    ...(decision === null ? {} : { decision: rule === undefined ? decision : 'deny' }),
    ...(rule === undefined ? {} : { provision: [rule] }),
  };
  return written as unknown as R5Consent;
}

function writePolicy({ authority, uri }: PolicyNamed): Extension {
  return {
    url: R4_POLICY,
    extension: [
      ...(authority === undefined ? [] : [{ url: 'authority', valueUri: authority }]),
      ...(uri === undefined ? [] : [{ url: 'uri', valueUri: uri }]),
    ],
  };
}

function writeVerification({ verified, type, by, with: withWhom, dates }: Verification): Json {
  return {
    verified,
    ...(type === undefined ? {} : { verificationType: type }),
    ...(by === undefined ? {} : { verifiedBy: by }),
    ...(withWhom === undefined ? {} : { verifiedWith: withWhom }),
    ...listed('verificationDate', dates),
  };
}
