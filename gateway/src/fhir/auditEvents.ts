/**
 * Records of use as AuditEvents, in both versions: one per selection with counts and the hash of the list kept at home, one
 * per decision on request, one per disclosure, one per read. After IHE's Basic Audit Log Patterns (AuthZconsent) as far as
 * there is a client and a user; here an agent selects.
 */
import type { ConsentRef } from '@consilium/domain';
import { canonicalDigest } from '@consilium/domain';
import { textOf } from './fhirTime.js';
import type { FhirVersion, Json, R4AuditEvent, R5AuditEvent } from './fhirTypes.js';
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
/** R5's outcomes; R4's are numbers. */
const OUTCOME_SYSTEM = 'http://hl7.org/fhir/issue-severity';
const MODEL = 'urn:consilium:study';

/** A code of a system; the same in both versions. */
type Code = Readonly<{ system: string; code: string; display?: string }>;
/** Digits of a read's hash in its id: an id has 64 characters at most. */
const READ_ID_DIGITS = 16;

type Agent = Readonly<{ type: Code; who: Json; role?: Code; requestor: boolean }>;
type Entity = Readonly<{ what: Json; role?: Code; details?: Readonly<Record<string, string | number>> }>;
/** What is recorded, before either version gives it its form. */
type Recorded = Readonly<{
  id: string;
  type: Code;
  subtype: Code;
  action: 'E' | 'R' | 'C';
  recorded: string;
  succeeded: boolean;
  why: string | undefined;
  purposes: readonly Code[];
  agents: readonly Agent[];
  entities: readonly Entity[];
  patient?: Json;
  site: string;
  observer: Json;
}>;

export function selectionEvent(head: DecisionHead, hospital: FhirHospital, version: FhirVersion): Json {
  return written(
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
  return written(
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
  return written(
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
  return written(
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

export const patientReference = (patient: string, { patientSystem }: FhirHospital): Json => ({
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

function written(recorded: Recorded, version: FhirVersion): Json {
  return (version === '4.0' ? writtenR4(recorded) : writtenR5(recorded)) as unknown as Json;
}

function writtenR4(recorded: Recorded): R4AuditEvent {
  const { id, type, subtype, action, succeeded, why, purposes, agents, entities, site, observer } = recorded;
  return {
    resourceType: 'AuditEvent',
    id,
    type,
    subtype: [subtype],
    action,
    recorded: recorded.recorded,
    outcome: succeeded ? '0' : '8',
    ...(why === undefined ? {} : { outcomeDesc: why }),
    ...(purposes.length > 0 ? { purposeOfEvent: purposes.map((coding) => ({ coding: [coding] })) } : {}),
    agent: agents.map(({ type: kind, who, role, requestor }) => ({
      type: { coding: [kind] },
      ...(role ? { role: [{ coding: [role] }] } : {}),
      who,
      requestor,
    })),
    source: { site, observer },
    entity: entities.map(({ what, role, details }) => ({
      what,
      ...(role ? { role } : {}),
      ...(details
        ? { detail: Object.entries(details).map(([name, value]) => ({ type: name, valueString: String(value) })) }
        : {}),
    })),
  };
}

function writtenR5(recorded: Recorded): R5AuditEvent {
  const { id, type, subtype, action, succeeded, why, purposes, agents, entities, patient, site, observer } = recorded;
  return {
    resourceType: 'AuditEvent',
    id,
    category: [{ coding: [type] }],
    code: { coding: [subtype] },
    action,
    recorded: recorded.recorded,
    outcome: {
      code: { system: OUTCOME_SYSTEM, code: succeeded ? 'success' : 'error' },
      ...(why === undefined ? {} : { detail: [{ text: why }] }),
    },
    ...(purposes.length > 0 ? { authorization: purposes.map((coding) => ({ coding: [coding] })) } : {}),
    ...(patient ? { patient } : {}),
    agent: agents.map(({ type: kind, who, role, requestor }) => ({
      type: { coding: [kind] },
      ...(role ? { role: [{ coding: [role] }] } : {}),
      who,
      requestor,
    })),
    source: { site: { display: site }, observer },
    entity: entities.map(({ what, role, details }) => ({
      what,
      ...(role ? { role: { coding: [role] } } : {}),
      ...(details
        ? {
            detail: Object.entries(details).map(([name, value]) => ({
              type: { text: name },
              ...(typeof value === 'number' ? { valueInteger: value } : { valueString: value }),
            })),
          }
        : {}),
    })),
  };
}
