/** Gathers all that is on file of one patient's consents, for exports and for the patient's own page. */
import {
  type ConsentRef,
  consentEndsAt,
  endsConsent,
  LegalHold,
  ledgerKey,
  refusal,
  type StudyId,
} from '@consilium/domain';
import type {
  ConsentFile,
  FiledDisclosure,
  FiledRead,
  FiledRecord,
  FiledStudy,
  FiledUse,
} from '../exports/consentFile.js';
import { FILE_ITEMS_PER_TURN, PATIENT_FILE_ITEMS_MAX } from './apiLimits.js';
import { historyEvent, historyOf } from './consentHistory.js';
import type { Found } from './consentOffice.js';
import { type ConsentRoom, defined } from './consentRoom.js';
import { patientUse } from './consentUses.js';
import { policyResource } from './policyResources.js';
import type { HospitalFacts } from './ports.js';
import { runningProtocol } from './studyResources.js';

/** @throws ConsiliumError CONSENT_RECORD_UNKNOWN, also where it was erased */
export function patientFile(
  room: ConsentRoom,
  ref: ConsentRef,
  { name, contact }: Pick<HospitalFacts, 'name' | 'contact'>,
): ConsentFile {
  const { office, msp } = room;
  const patient = office.patientOf(ref);
  if (patient === undefined) throw refusal('CONSENT_RECORD_UNKNOWN', {});
  const refs = office.refsOf(patient);
  const uses = refs.flatMap((one) => usesOf(room, one));
  return {
    hospital: { msp, name, contact },
    patient,
    madeAt: room.now(),
    height: room.height(),
    records: refs.map((one) => filedRecord(room, one)),
    studies: studiesOf(room, refs, uses),
    uses,
    disclosures: refs.flatMap((one) => disclosuresOf(room, one)),
    reads: refs.flatMap((one) => readsOf(room, one)).sort((a, b) => a.at - b.at),
  };
}

function filedRecord(room: ConsentRoom, ref: ConsentRef): FiledRecord {
  const { office, records, msp } = room;
  const events = historyOf(room, ref);
  const { event, effectiveAt } = office.effective({ ref }, {});
  const last = events.findLast(({ state }) => state !== 'refused');
  const policy = last?.policy ? policyResource(records, msp, last.policy.version) : undefined;
  return {
    ref,
    events,
    stands:
      event !== undefined &&
      !endsConsent(event.kind) &&
      (event.content.validFrom ?? 0) <= effectiveAt &&
      effectiveAt < (consentEndsAt(event.content) ?? Number.POSITIVE_INFINITY),
    inForce: event ? historyEvent(room, event) : null,
    retentionDays: policy?.retentionDays ?? 0,
    onHold: records.get(LegalHold, ledgerKey.hold(msp, ref))?.stands === true,
  };
}

function usesOf(room: ConsentRoom, ref: ConsentRef): FiledUse[] {
  return room.office.usesOf({ ref }).map((use) => patientUse(room, use));
}

function studiesOf(room: ConsentRoom, refs: readonly ConsentRef[], uses: readonly FiledUse[]): FiledStudy[] {
  const joined = uses.filter((use) => use.joined);
  return [...new Set(joined.map(({ study }) => study as StudyId))].map((study) => {
    const { title, members, consent } = runningProtocol(room.records, study);
    const last = joined.findLast((use) => use.study === study)?.round ?? 0;
    const decisions = refs.flatMap((ref) => room.office.decisionOf({ ref }, study, last) ?? []);
    const decision = decisions.find(({ answer }) => answer === 'allow');
    return { study, title, members, onWithdrawal: consent?.onWithdrawal ?? null, reasons: decision?.reasons ?? [] };
  });
}

function disclosuresOf({ office }: ConsentRoom, ref: ConsentRef): FiledDisclosure[] {
  return all((cursor) => office.disclosures({ ref }, { ...defined({ cursor }), items: FILE_ITEMS_PER_TURN })).map(
    ({ id, at, recipient, recipientAddress, description, purpose, basis }) => ({
      ...{ id, at, recipient, recipientAddress, description, purpose, basis },
    }),
  );
}

function readsOf({ office }: ConsentRoom, ref: ConsentRef): FiledRead[] {
  return all((cursor) => office.reads({ ref, ...defined({ cursor }), items: FILE_ITEMS_PER_TURN })).map(
    ({ at, by, kind }) => ({ at, by: { name: by.name, role: by.role }, kind }),
  );
}

/** @throws ConsiliumError EXPORT_TOO_LARGE: an export that leaves something out in silence would be a lie */
function all<Item>(page: (cursor: string | undefined) => Found<Item>): Item[] {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const found = page(cursor);
    if (found.total > PATIENT_FILE_ITEMS_MAX)
      throw refusal('EXPORT_TOO_LARGE', { items: found.total, itemsMax: PATIENT_FILE_ITEMS_MAX });
    items.push(...found.items);
    cursor = found.cursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}
