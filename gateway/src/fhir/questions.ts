/**
 * What is asked of consents over FHIR: which are on file, who recorded them, who received what under them, and who looked at
 * them. Every read is logged before it is answered.
 */
import { ConsentRef } from '@consilium/domain';
import { decisionEvent, disclosureEvent, readEvent, selectionEvent } from './auditEvents.js';
import { writeConsent } from './consentCodec.js';
import { type ConsentRecord, consentRecord } from './consentRecord.js';
import { AUDIT_EVENTS_OF_PATIENT_MAX } from './fhirLimits.js';
import { textOf } from './fhirTime.js';
import type { FhirVersion, Json, R4Bundle } from './fhirTypes.js';
import type { FhirRoom } from './operations.js';
import type { By, DecisionHead, DecisionList } from './ports.js';
import { provenanceOf } from './provenance.js';
import { collection, newestFirst } from './resourcesOut.js';

const PAGE = 200;

/** A consent as a resource; undefined: none of that id is on file. */
export async function consentOf(
  room: FhirRoom,
  ref: ConsentRef,
  version: FhirVersion,
  by: By,
): Promise<Json | undefined> {
  if (room.desk.patientOf(ref) === undefined) return undefined;
  room.desk.logRead({ by, kind: 'patient', ref });
  return consentResource(room, ref, version);
}

/** All consents of a patient, oldest first. */
export async function consentsOf(room: FhirRoom, patient: string, version: FhirVersion, by: By): Promise<Json[]> {
  const refs = room.desk.refsOf(patient);
  for (const ref of refs) room.desk.logRead({ by, kind: 'patient', ref });
  if (refs.length === 0) room.desk.logRead({ by, kind: 'list', query: 'Consent of a patient who is not on file' });
  const resources = await Promise.all(refs.map((ref) => consentResource(room, ref, version)));
  return resources.filter((resource) => resource !== undefined);
}

/** Who recorded the events of a consent, oldest first. */
export function provenanceOfConsent(room: FhirRoom, ref: ConsentRef, by: By): Json[] {
  if (room.desk.patientOf(ref) === undefined) return [];
  room.desk.logRead({ by, kind: 'history', ref });
  return provenances(room, ref);
}

/**
 * Selections, disclosures and reads that a record was part of, newest first: who received my consent, what was shared, who
 * consulted it.
 */
export function auditEventsOf(room: FhirRoom, refs: readonly ConsentRef[], version: FhirVersion, by: By): Json[] {
  for (const ref of refs) room.desk.logRead({ by, kind: 'uses', ref });
  return newestFirst(refs.flatMap((ref) => eventsOfRecord(room, ref, version)));
}

/** One AuditEvent for each selection of a day (UTC), oldest first. */
export function selectionsOfDay(room: FhirRoom, day: string, version: FhirVersion, by: By): Json[] {
  room.desk.logRead({ by, kind: 'decisions', query: `selections of ${day}` });
  const heads = allPages((cursor) => room.desk.decisions({ day, items: PAGE, ...cursor }));
  return heads.map((head) => selectionEvent(head, room.hospital, version));
}

/** An AuditEvent by its id; undefined: there is none. */
export function auditEventOf(room: FhirRoom, id: string, version: FhirVersion, by: By): Json | undefined {
  const [, kind, number, tail] =
    /^(selection|decision|disclosure|read)-([0-9a-f]{1,16})(?:-([0-9a-f]{32}))?$/.exec(id) ?? [];
  if (kind === 'selection' && tail === undefined && /^\d{1,12}$/.test(number ?? '')) {
    room.desk.logRead({ by, kind: 'decisions', query: `selection ${number}` });
    return selectionEvent(headOf(room.desk.decisionList(Number(number))), room.hospital, version);
  }
  const ref = ConsentRef.safeParse(tail);
  if (kind === undefined || !ref.success || room.desk.patientOf(ref.data) === undefined) return undefined;
  room.desk.logRead({ by, kind: 'uses', ref: ref.data });
  return eventsOfRecord(room, ref.data, version).find((event) => event.id === id);
}

/** All of a patient in one Bundle: consents, who recorded them, and what was done under them. */
export async function bundleOf(room: FhirRoom, patient: string): Promise<R4Bundle> {
  const refs = room.desk.refsOf(patient);
  const consents = await Promise.all(refs.map((ref) => consentResource(room, ref, '4.0')));
  return collection(
    [
      ...consents.filter((resource) => resource !== undefined),
      ...refs.flatMap((ref) => provenances(room, ref)),
      ...newestFirst(refs.flatMap((ref) => eventsOfRecord(room, ref, '4.0'))),
    ],
    room.now(),
  );
}

function provenances({ desk, hospital }: FhirRoom, ref: ConsentRef): Json[] {
  return desk
    .history({ ref })
    .filter(({ state }) => state !== 'refused')
    .map((event) => provenanceOf(event, hospital) as unknown as Json);
}

async function consentResource(room: FhirRoom, ref: ConsentRef, version: FhirVersion): Promise<Json | undefined> {
  const { desk, hospital, now } = room;
  const patient = desk.patientOf(ref);
  if (patient === undefined) return undefined;
  const record = await consentRecord(ref, patient, desk.history({ ref }), hospital, now());
  return record && resourceOf(record, version);
}

function resourceOf({ statement, version: versionId, recordedAt }: ConsentRecord, version: FhirVersion): Json {
  const written = (version === '4.0'
    ? writeConsent(statement, '4.0')
    : writeConsent(statement, '5.0')) as unknown as Json;
  return {
    ...written,
    meta: { versionId: String(versionId), lastUpdated: textOf(recordedAt), ...(written.meta as Json) },
  };
}

function eventsOfRecord(room: FhirRoom, ref: ConsentRef, version: FhirVersion): Json[] {
  const { desk, hospital } = room;
  const who = { ref };
  const patient = desk.patientOf(ref);
  const disclosures = allPages((cursor) => desk.disclosures(who, { items: PAGE, ...cursor }));
  const reads = allPages((cursor) => desk.reads({ ref, items: PAGE, ...cursor }));
  return [
    ...disclosures.map((disclosure) => disclosureEvent(disclosure, patient, hospital, version)),
    ...reads.map((read) => readEvent(read, ref, patient, hospital, version)),
    ...decisionsAbout(room, ref).map(({ list, answer, reasons }) =>
      decisionEvent(list, ref, patient, { answer, reasons }, hospital, version),
    ),
  ];
}

function decisionsAbout({ desk }: FhirRoom, ref: ConsentRef) {
  const rounds = new Map(desk.usesOf({ ref }).map(({ study, round }) => [`${study} ${round}`, { study, round }]));
  return [...rounds.values()].flatMap(({ study, round }) =>
    desk.decisions({ study, round, items: PAGE }).items.flatMap(({ id }) => {
      const list = desk.decisionList(id);
      const group = list.groups.find(({ refs }) => refs.includes(ref));
      return group ? [{ list, answer: group.answer, reasons: group.reasons }] : [];
    }),
  );
}

const headOf = ({ groups: _, ...head }: DecisionList): DecisionHead => head;

function allPages<Item>(
  read: (cursor: { cursor?: string }) => Readonly<{ items: readonly Item[]; cursor: string | null }>,
): Item[] {
  const found: Item[] = [];
  for (let cursor: string | null = null; found.length < AUDIT_EVENTS_OF_PATIENT_MAX; ) {
    const { items, cursor: next } = read(cursor === null ? {} : { cursor });
    found.push(...items);
    if (next === null) break;
    cursor = next;
  }
  return found;
}
