/**
 * The operations of HL7 Scalable Consent Management 1.0.0-ballot (hl7.fhir.us.consent-management): `$fileConsent`,
 * `$revokeConsent`, `$recordDisclosure`. Its US Core profiles are not claimed; what its operations demand is.
 */
import type { ConsentRef, Instant } from '@consilium/domain';
import { readConsent } from './consentCodec.js';
import { filedAs, lastKind, orderOf, stands } from './consentFiling.js';
import { refNamed, refOfPatient } from './consentReference.js';
import { evidenceOf } from './evidence.js';
import { FhirInvalid, type FhirIssue } from './fhirIssue.js';
import { instantOf } from './fhirTime.js';
import type { Concept, FhirVersion, Json, R4AuditEvent, Reference } from './fhirTypes.js';
import { asReference, readParameters, unknownConsent } from './parameters.js';
import { type NumberFound, numberIn } from './patientNumber.js';
import { type By, type EventRecorded, type FhirDesk, type FhirHospital, keptAs } from './ports.js';
import { requireValidR4 } from './r4Validation.js';

export type FhirRoom = Readonly<{ desk: FhirDesk; hospital: FhirHospital; now(): Instant }>;

const RECIPIENT_CHARACTERS_MAX = 200;
const PURPOSE_CHARACTERS_MAX = 200;
const DOCUMENTS = ['DocumentReference', 'QuestionnaireResponse'];

/** Files a consent of either version, with the document that it rests on. */
export async function fileConsent(
  room: FhirRoom,
  resource: unknown,
  version: FhirVersion,
  by: By,
  document?: Json,
): Promise<EventRecorded> {
  const { desk, hospital, now } = room;
  const statement = await readConsent(resource, version);
  const patient = required(
    numberIn(statement.patient, hospital.patientSystem, version === '4.0' ? 'Consent.patient' : 'Consent.subject'),
  );
  const events = eventsOf(desk, patient);
  const last = lastKind(events);
  const kept = keptAs(version, resource);
  // Sent again, because its answer was lost: it stands as it is. After its end it is a new consent.
  const standing = filedAs(events, kept);
  if (standing && standing.seq === events.findLast(({ state }) => state !== 'refused')?.seq) return standing;
  const evidence = evidenceOf(statement, resource, document);
  const filing = { statement, patient, kept, evidence, how: 'filed' as const };
  const receipt = await desk.record([orderOf(filing, last, hospital, now())], by);
  return recordedIn(receipt.events);
}

/** `Consent/$fileConsent`: consent 1..1, document 1..1. */
export async function fileConsentOperation(room: FhirRoom, parameters: unknown, by: By): Promise<EventRecorded> {
  const { consent, document } = await readParameters(parameters, {
    consent: { required: true, takes: 'resource' },
    document: { required: true, takes: 'resource' },
  });
  const valid = await requireValidR4(document, DOCUMENTS);
  if (consent?.resourceType === 'Consent' && consent.status !== 'active')
    throw refused('business-rule', 'Consent.status', 'a consent is filed as active');
  return fileConsent(room, consent, '4.0', by, valid);
}

export type Revoked = Readonly<{ ref: ConsentRef; event: EventRecorded | undefined }>;

/**
 * `Consent/$revokeConsent`: consent 1..1, patient 1..1, document 0..1.
 * @returns no event where the consent was over already
 */
export async function revokeConsentOperation(room: FhirRoom, parameters: unknown, by: By): Promise<Revoked> {
  const { desk, hospital } = room;
  const { consent, patient, document } = await readParameters(parameters, {
    consent: { required: true, takes: 'valueReference' },
    patient: { required: true, takes: 'valueReference' },
    document: { required: false, takes: 'resource' },
  });
  const valid = document && (await requireValidR4(document, DOCUMENTS));
  const number = required(numberIn(asReference(patient), hospital.patientSystem, 'Parameters.parameter'));
  const ref = refOfPatient(asReference(consent), number, hospital, desk);
  if (ref === undefined) throw unknownConsent('Parameters.parameter');
  const events = desk.history({ ref });
  if (ref !== desk.refsOf(number).at(-1) || !stands(lastKind(events))) return { ref, event: undefined };
  const receipt = await desk.record(
    [
      {
        patient: number,
        kind: 'withdraw',
        reason: 'patient-asked',
        meaning: 'recorded',
        ...(valid ? { evidence: documentEvidence(valid) } : {}),
      },
    ],
    by,
  );
  return { ref, event: recordedIn(receipt.events) };
}

/** `AuditEvent/$recordDisclosure`: disclosure 1..1, consent 1..1. @returns the disclosure's number, and the record's */
export async function recordDisclosureOperation(
  room: FhirRoom,
  parameters: unknown,
  by: By,
): Promise<Readonly<{ id: number; ref: ConsentRef }>> {
  const { desk, hospital } = room;
  const { disclosure, consent } = await readParameters(parameters, {
    disclosure: { required: true, takes: 'resource' },
    consent: { required: true, takes: 'valueReference' },
  });
  const event = (await requireValidR4(disclosure, ['AuditEvent'])) as unknown as R4AuditEvent;
  const named = patientsIn(event);
  const found = named.map((reference) =>
    required(numberIn(reference, hospital.patientSystem, 'AuditEvent.entity.what')),
  );
  const ref = refOfDisclosure(asReference(consent), found, room);
  const patient = ref && desk.patientOf(ref);
  if (ref === undefined || patient === undefined || found.some((number) => number !== patient))
    throw unknownConsent('Parameters.parameter');
  const at = instantOf(event.recorded);
  if (at === undefined || at > room.now()) throw refused('value', 'AuditEvent.recorded', 'lies ahead, or before 1970');
  const recipient = recipientOf(event);
  if (recipient === undefined)
    throw refused('required', 'AuditEvent.agent', 'no agent who receives (IRCP) or asks for it is named');
  return desk.recordDisclosure(
    {
      ...{ patient, at, recipient, recipientAddress: addressOf(event), description: descriptionOf(event) },
      ...{ purpose: purposeOf(event), basis: 'consent', resource: keptAs('4.0', disclosure) },
    },
    by,
  );
}

function refOfDisclosure(reference: Reference, patients: readonly string[], { desk, hospital }: FhirRoom) {
  const [patient] = patients;
  return patient === undefined ? refNamed(reference, hospital) : refOfPatient(reference, patient, hospital, desk);
}

/** References to patients among the entities: typed as a person, or in the role of a patient. */
function patientsIn({ entity = [] }: R4AuditEvent): Reference[] {
  return entity
    .filter(({ type, role }) => type?.code === '1' || role?.code === '1')
    .flatMap(({ what }) => (what === undefined ? [] : [what as Reference]));
}

/** The one who receives; else who asked. */
function receiverIn({ agent }: R4AuditEvent) {
  const receives = agent.find(({ type }) => type?.coding?.some(({ code }) => code === 'IRCP' || code === '110152'));
  return receives ?? agent.find(({ requestor }) => requestor) ?? undefined;
}

function addressOf(event: R4AuditEvent): string | null {
  return receiverIn(event)?.network?.address?.slice(0, RECIPIENT_CHARACTERS_MAX) ?? null;
}

/** What it was about, beside the patient: in the words of the event. */
function descriptionOf({ entity = [], subtype = [] }: R4AuditEvent): string | null {
  const others = entity.filter(({ type, role }) => type?.code !== '1' && role?.code !== '1');
  const said = others.flatMap(({ description, name, what }) => description ?? name ?? what?.display ?? []);
  const words = said.length > 0 ? said : subtype.flatMap(({ display }) => display ?? []);
  return [...new Set(words)].join('; ').slice(0, PURPOSE_CHARACTERS_MAX) || null;
}

function recipientOf(event: R4AuditEvent): string | undefined {
  const { who, name } = receiverIn(event) ?? {};
  const { identifier, display, reference } = who ?? {};
  const text =
    identifier?.value === undefined
      ? (display ?? name ?? reference)
      : [identifier.system, identifier.value].filter(Boolean).join('|');
  return text?.slice(0, RECIPIENT_CHARACTERS_MAX);
}

function purposeOf({ purposeOfEvent = [], agent }: R4AuditEvent): string {
  const concepts: Concept[] = [
    ...purposeOfEvent,
    ...agent.flatMap(({ purposeOfUse = [] }) => purposeOfUse),
  ] as Concept[];
  const codes = concepts.flatMap(({ coding = [], text }) =>
    [...coding.flatMap(({ code }) => code ?? []), text ?? []].flat(),
  );
  return ([...new Set(codes)].join(', ') || 'not said').slice(0, PURPOSE_CHARACTERS_MAX);
}

function documentEvidence(document: Json) {
  return evidenceOf({ evidence: null, source: null } as Parameters<typeof evidenceOf>[0], document, document);
}

function eventsOf(desk: Pick<FhirDesk, 'refsOf' | 'history'>, patient: string) {
  const ref = desk.refsOf(patient).at(-1);
  return ref === undefined ? [] : desk.history({ ref });
}

function recordedIn(events: readonly EventRecorded[]): EventRecorded {
  const [event] = events;
  if (!event) throw new Error('the store recorded no event');
  return event;
}

function required(found: NumberFound): string {
  if ('issue' in found) throw new FhirInvalid([found.issue]);
  return found.number;
}

function refused(code: FhirIssue['code'], expression: string, text: string): FhirInvalid {
  return new FhirInvalid([{ code, expression, text }]);
}
