/**
 * Records of use as AuditEvents, in both versions: one per selection with counts and the hash of the list kept at home, one
 * per decision on request, one per disclosure, one per read. After IHE's Basic Audit Log Patterns (AuthZconsent) as far as
 * there is a client and a user; here an agent selects.
 */
import type { ConsentRef } from '@consilium/domain';
import { canonicalDigest } from '@consilium/domain';
import { type Code, type Entity, writtenAudit } from './auditForm.js';
import { textOf } from './fhirTime.js';
import type { FhirVersion, Json } from './fhirTypes.js';
import type { DecisionAnswer, DecisionHead, DecisionReason, DisclosureKept, FhirHospital, ReadKept } from './ports.js';
import { DUO_SYSTEM, policyUri, ROLE_SYSTEM } from './systems.js';

const DCM = 'http://dicom.nema.org/resources/ontology/DCM';
const SECURITY_ALERT: Code = { system: DCM, code: '110113', display: 'Security Alert' };
const EXPORT: Code = { system: DCM, code: '110106', display: 'Export' };
const QUERY: Code = { system: DCM, code: '110112', display: 'Query' };
const BY_CONSENT: Code = {
  system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType',
  code: 'AuthZ-Consent',
};
const DISCLOSE: Code = { system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'disclose' };
const ACCESS: Code = { system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'access' };
const RESEARCH: Code = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HRESCH' };
const AUTHORISER: Code = {
  system: 'http://terminology.hl7.org/CodeSystem/extra-security-role-type',
  code: 'authserver',
};
const RECIPIENT: Code = { system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' };
const PATIENT_ROLE: Code = {
  system: 'http://terminology.hl7.org/CodeSystem/object-role',
  code: '1',
  display: 'Patient',
};
const MODEL = 'urn:consilium:study';

/** Digits of a read's hash in its id: an id has 64 characters at most. */
const READ_ID_DIGITS = 16;

export function selectionEvent(head: DecisionHead, hospital: FhirHospital, version: FhirVersion): Json {
  return writtenAudit(
    {
      id: `selection-${head.id}`,
      ...ofSelection(head, hospital),
      succeeded: true,
      why: undefined,
      entities: [studyEntity(head, hospital, countsOf(head))],
    },
    version,
  );
}

/** One patient's part of a selection. */
export function decisionEvent(
  head: DecisionHead,
  ref: ConsentRef,
  patient: string | undefined,
  decision: Readonly<{ answer: DecisionAnswer; reasons: readonly DecisionReason[] }>,
  hospital: FhirHospital,
  version: FhirVersion,
): Json {
  return writtenAudit(
    {
      id: `decision-${head.id}-${ref}`,
      ...ofSelection(head, hospital),
      succeeded: decision.answer === 'allow',
      why: `${decision.answer}: ${decision.reasons.map(({ text }) => text).join('; ')}`,
      ...patientPart(patient, hospital),
      entities: [...patientEntities(patient, ref, hospital), studyEntity(head, hospital, { listHash: head.listHash })],
    },
    version,
  );
}

/** A disclosure that was recorded: the AuditEvent that was filed where there is one, in R4. */
export function disclosureEvent(
  disclosure: DisclosureKept,
  patient: string | undefined,
  hospital: FhirHospital,
  version: FhirVersion,
): Json {
  const { id, ref, at, recipient, purpose, basis, resource } = disclosure;
  if (version === '4.0' && resource?.version === '4.0')
    return { ...(resource.resource as Json), id: `disclosure-${id}-${ref}`, meta: { lastUpdated: textOf(at) } };
  return writtenAudit(
    {
      id: `disclosure-${id}-${ref}`,
      type: EXPORT,
      subtype: DISCLOSE,
      action: 'R',
      recorded: textOf(at),
      succeeded: true,
      why: `purpose: ${purpose}; basis: ${basis}`,
      purposes: [],
      agents: [
        { type: RECIPIENT, who: { display: recipient }, requestor: true },
        { type: AUTHORISER, who: organisation(hospital), requestor: false },
      ],
      ...patientPart(patient, hospital),
      // What was filed in R4 is not written anew in R5: its hash says which it is.
      entities: patientEntities(patient, ref, hospital).concat(
        resource === null
          ? []
          : [{ what: { identifier: { system: 'urn:consilium:sha256', value: canonicalDigest(resource.resource) } } }],
      ),
      site: hospital.name,
      observer: organisation(hospital),
    },
    version,
  );
}

/** Somebody of the hospital read a consent or its history. */
export function readEvent(
  read: ReadKept,
  ref: ConsentRef,
  patient: string | undefined,
  hospital: FhirHospital,
  version: FhirVersion,
): Json {
  return writtenAudit(
    {
      id: `read-${read.hash.slice(0, READ_ID_DIGITS)}-${ref}`,
      type: QUERY,
      subtype: ACCESS,
      action: 'R',
      recorded: textOf(read.at),
      succeeded: true,
      why: `read: ${read.kind}`,
      purposes: [],
      agents: [
        {
          type: RECIPIENT,
          who: personOf(read.by.name, hospital),
          ...(read.by.role === null ? {} : { role: { system: ROLE_SYSTEM, code: read.by.role } }),
          requestor: true,
        },
      ],
      ...patientPart(patient, hospital),
      entities: patientEntities(patient, ref, hospital),
      site: hospital.name,
      observer: organisation(hospital),
    },
    version,
  );
}

function ofSelection(head: DecisionHead, hospital: FhirHospital) {
  const who = organisation(hospital);
  return {
    type: SECURITY_ALERT,
    subtype: BY_CONSENT,
    action: 'E' as const,
    recorded: textOf(head.at),
    purposes: [RESEARCH, ...head.commitment.purposes.map((code) => ({ system: DUO_SYSTEM, code }))],
    agents: [
      {
        type: RECIPIENT,
        who: personOf('agent', hospital),
        role: { system: ROLE_SYSTEM, code: 'agent' },
        requestor: true,
      },
      { type: AUTHORISER, who, requestor: false },
    ],
    site: hospital.name,
    observer: who,
  };
}

function countsOf(head: DecisionHead): Record<string, string | number> {
  const { allowed, denied, abstained, withoutRecord, listHash } = head;
  const { root, sizeBucket, restrictionEpoch } = head.commitment;
  return { allowed, denied, abstained, withoutRecord, listHash, root, sizeBucket, restrictionEpoch };
}

function studyEntity(
  { study, round, commitment: { policyVersion } }: DecisionHead,
  { msp }: FhirHospital,
  details: Readonly<Record<string, string | number>>,
): Entity {
  return {
    what: { identifier: { system: MODEL, value: study } },
    details: { round, policy: policyUri(msp, policyVersion), ...details },
  };
}

function patientEntities(patient: string | undefined, ref: ConsentRef, hospital: FhirHospital): Entity[] {
  const what = patient === undefined ? undefined : patientReference(patient, hospital);
  return [...(what ? [{ what, role: PATIENT_ROLE }] : []), { what: { reference: `Consent/${ref}`, type: 'Consent' } }];
}

function patientPart(patient: string | undefined, hospital: FhirHospital): { patient?: Json } {
  return patient === undefined ? {} : { patient: patientReference(patient, hospital) };
}

const patientReference = (patient: string, { patientSystem }: FhirHospital): Json => ({
  type: 'Patient',
  identifier: { system: patientSystem, value: patient },
});
export const organisation = ({ msp, name }: FhirHospital): Json => ({
  type: 'Organization',
  identifier: { system: 'urn:consilium:msp', value: msp },
  display: name,
});
export const personOf = (name: string, { msp }: FhirHospital): Json => ({
  identifier: { system: `urn:consilium:person:${msp}`, value: name },
});
