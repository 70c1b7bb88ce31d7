/**
 * Bundles of patients and their consents (R4 `transaction` and `collection`): what is taken, and what is refused, by the entry's
 * number and reason, never by what stands in it. Whatever is neither Patient nor Consent is passed over.
 */
import type { Instant } from '@consilium/domain';
import { readConsent } from './consentCodec.js';
import { filedAs, lastKind, orderOf } from './consentFiling.js';
import type { ConsentStatement } from './consentStatement.js';
import { EntryRefusals, type EntryRefused, isRefusal } from './entryRefusals.js';
import { evidenceOf } from './evidence.js';
import { FhirInvalid, type FhirIssue } from './fhirIssue.js';
import { BUNDLE_ENTRIES_MAX } from './fhirLimits.js';
import { instantOf } from './fhirTime.js';
import { isJson, type Json } from './fhirTypes.js';
import type { FhirRoom } from './operations.js';
import { numberIn, numberOf } from './patientNumber.js';
import { type By, type ConsentOrder, type EventRecorded, keptAs } from './ports.js';
import { requireValidR4 } from './r4Validation.js';
import { requireResource } from './resourceShape.js';

export type EntryTaken = Readonly<{ entry: number; event: EventRecorded }>;
export type BundleReport = Readonly<{
  entries: number;
  /** Patients whose numbers were read. */
  patients: number;
  taken: readonly EntryTaken[];
  refused: readonly EntryRefused[];
  /** Resources of other kinds. */
  passedOver: number;
}>;

type Entry = Readonly<{ entry: number; resource: Json; fullUrl: string | undefined }>;
type Read = Readonly<{
  entry: number;
  resource: Json;
  statement: ConsentStatement;
  patient: string;
  document: Json | undefined;
}>;
type Ordered = Readonly<{ entry: number; order: ConsentOrder }>;

/** Each consent is an event of its own: one that is refused leaves the others standing. */
export async function importBundle(room: FhirRoom, bundle: unknown, by: By): Promise<BundleReport> {
  const entries = entriesOf(bundle);
  const refused = new EntryRefusals();
  const numbers = await patientNumbers(room, entries, refused);
  const documents = new Map(entries.flatMap((entry) => namesOf(entry).map((name) => [name, entry.resource] as const)));
  const read: Read[] = [];
  for (const entry of entries.filter(({ resource }) => resource.resourceType === 'Consent'))
    await refused.attempt(entry.entry, async () => read.push(await readEntry(room, entry, documents, numbers)));
  const { ordered, standing } = await orders(room, read, refused);
  const taken = [...standing, ...(await recordEach(room, ordered, by, refused))];
  const known = entries.filter(
    ({ resource }) => resource.resourceType === 'Consent' || resource.resourceType === 'Patient',
  );
  return {
    entries: entries.length,
    patients: new Set(numbers.values()).size,
    taken: taken.sort((a, b) => a.entry - b.entry),
    refused: refused.list(),
    passedOver: entries.length - known.length,
  };
}

function entriesOf(value: unknown): Entry[] {
  const bundle = requireResource(value, ['Bundle']);
  if (bundle.type !== 'transaction' && bundle.type !== 'collection')
    throw refusedWhole('not-supported', 'Bundle.type', 'transaction and collection are taken');
  const items = bundle.entry ?? [];
  if (!Array.isArray(items)) throw refusedWhole('structure', 'Bundle.entry', 'is a list');
  if (items.length > BUNDLE_ENTRIES_MAX)
    throw refusedWhole('too-long', 'Bundle.entry', `has more than ${BUNDLE_ENTRIES_MAX} entries: send several bundles`);
  return items.map((item: unknown, entry) => {
    const { resource, fullUrl, request } = (isJson(item) ? item : {}) as Json;
    const method = isJson(request) ? request.method : undefined;
    if (!isJson(resource) || (method !== undefined && method !== 'POST' && method !== 'PUT'))
      throw refusedWhole(
        'not-supported',
        `Bundle.entry[${entry}]`,
        'an entry has a resource, to be made or put in place',
      );
    return { entry, resource, fullUrl: typeof fullUrl === 'string' ? fullUrl : undefined };
  });
}

/** Numbers of the bundle's patients, under every name by which a consent beside them can refer to them. */
async function patientNumbers(
  { hospital }: FhirRoom,
  entries: readonly Entry[],
  refused: EntryRefusals,
): Promise<Map<string, string>> {
  const numbers = new Map<string, string>();
  for (const entry of entries.filter(({ resource }) => resource.resourceType === 'Patient'))
    await refused.attempt(entry.entry, async () => {
      const patient = await requireValidR4(entry.resource, ['Patient']);
      const found = numberOf(patient, hospital.patientSystem, 'Patient');
      if ('issue' in found) throw new FhirInvalid([found.issue]);
      for (const name of namesOf(entry)) numbers.set(name, found.number);
    });
  return numbers;
}

function namesOf({ resource, fullUrl }: Entry): string[] {
  const { resourceType, id } = resource;
  return [...(fullUrl === undefined ? [] : [fullUrl]), ...(typeof id === 'string' ? [`${resourceType}/${id}`] : [])];
}

async function readEntry(
  { hospital }: FhirRoom,
  { entry, resource }: Entry,
  documents: ReadonlyMap<string, Json>,
  numbers: ReadonlyMap<string, string>,
): Promise<Read> {
  const statement = await readConsent(resource, '4.0');
  const { reference = '' } = statement.patient;
  const beside = numbers.get(reference);
  const found =
    beside === undefined ? numberIn(statement.patient, hospital.patientSystem, 'Consent.patient') : { number: beside };
  if ('issue' in found) throw new FhirInvalid([found.issue]);
  const source = statement.source && 'reference' in statement.source ? statement.source.reference.reference : undefined;
  const document = source === undefined ? undefined : documents.get(source);
  return { entry, resource, statement, patient: found.number, document };
}

/**
 * In clinical order, each after what stands already and what comes before it in the bundle. What was recorded from the very same
 * resource stands: a bundle that is sent again records nothing anew, and revives nothing that was withdrawn since.
 */
async function orders(
  room: FhirRoom,
  read: readonly Read[],
  refused: EntryRefusals,
): Promise<Readonly<{ ordered: Ordered[]; standing: EntryTaken[] }>> {
  const { desk, hospital, now } = room;
  const last = new Map<string, ReturnType<typeof lastKind>>();
  const inOrder = [...read].sort((a, b) => clinicalTime(a, room) - clinicalTime(b, room) || a.entry - b.entry);
  const ordered: Ordered[] = [];
  const standing: EntryTaken[] = [];
  for (const { entry, resource, statement, patient, document } of inOrder)
    await refused.attempt(entry, () => {
      const ref = desk.refsOf(patient).at(-1);
      const events = ref === undefined ? [] : desk.history({ ref });
      const kept = keptAs('4.0', resource);
      const event = filedAs(events, kept);
      if (event) {
        standing.push({ entry, event });
        return;
      }
      const evidence = evidenceOf(statement, resource, document);
      const before = last.has(patient) ? last.get(patient) : lastKind(events);
      const order = orderOf({ statement, patient, kept, evidence, how: 'imported' }, before, hospital, now());
      last.set(patient, order.kind);
      ordered.push({ entry, order });
    });
  return { ordered, standing };
}

/** What ends a consent acts when it is recorded: after all that is dated. */
function clinicalTime({ statement }: Read, { now }: FhirRoom): Instant {
  const { status, effectiveFrom, dateTime } = statement;
  if (!(status === 'active')) return now();
  return effectiveFrom ?? (dateTime === null ? undefined : instantOf(dateTime)) ?? now();
}

/** All at once; where the store refuses one, each by itself, so that the report names which. */
async function recordEach(
  { desk }: FhirRoom,
  ordered: readonly Ordered[],
  by: By,
  refused: EntryRefusals,
): Promise<EntryTaken[]> {
  if (ordered.length === 0) return [];
  const asTaken = (events: readonly EventRecorded[], of: readonly Ordered[]) =>
    events.flatMap((event, at) => (of[at] ? [{ entry: of[at].entry, event }] : []));
  try {
    const { events } = await desk.record(
      ordered.map(({ order }) => order),
      by,
    );
    return asTaken(events, ordered);
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  const taken: EntryTaken[] = [];
  for (const one of ordered)
    await refused.attempt(one.entry, async () =>
      taken.push(...asTaken((await desk.record([one.order], by)).events, [one])),
    );
  return taken;
}

function refusedWhole(code: FhirIssue['code'], expression: string, text: string): FhirInvalid {
  return new FhirInvalid([{ code, expression, text }]);
}
