/**
 * Patients' consent records. A patient number is exchanged for the record's ref once, in a body; every path and query names
 * the ref, which is random: paths and queries end up in logs of this gateway and of whatever stands before it.
 */
import {
  type ConsentEventResource,
  type ConsentRecordResource,
  type EffectiveResource,
  ErasureBody,
  HoldBody,
  OpenedRecordBody,
  RecordName,
} from '@consilium/client/resources';
import {
  ConsentEvent,
  type ConsentRef,
  consentEndsAt,
  endsConsent,
  LegalHold,
  ledgerKey,
  Msp,
  refusal,
  Tombstone,
} from '@consilium/domain';
import { type Request, type Response, Router } from 'express';
import { allow, isAllowed, requireAllowed } from '../../authorisation.js';
import { HISTORY_COLUMNS, READ_COLUMNS, RECORD_COLUMNS, USE_COLUMNS } from '../../consentColumns.js';
import { historyEvent, historyOf } from '../../consentHistory.js';
import { consentQueries, hospitalAsked, queryOf, refIn } from '../../consentQuery.js';
import { byOf, type ConsentRoom, defined, ledgerPlace } from '../../consentRoom.js';
import { patientUse } from '../../consentUses.js';
import { bodyOf, parameter, parsed } from '../../input.js';
import { type LedgerAsked, ledgerConsent } from '../../ledgerConsent.js';
import { answerList, wholePart } from '../../listing.js';
import { runningProtocol } from '../../studyResources.js';
import { write } from '../../submission.js';
import type { RouteParts } from '../routeParts.js';

export function recordRoutes({ records, transactions }: RouteParts, room: ConsentRoom): Router {
  const router = Router();
  const { msp: own } = room;

  router.get('/records', allow('read consents'), async (request, response) => {
    queryOf(consentQueries.list, request);
    room.logRead(response, 'list', undefined, 'records');
    await answerList(request, response, {
      list: 'records',
      file: `consent-records-${own}`,
      columns: RECORD_COLUMNS,
      height: room.height(),
      part: (cursor, items) => {
        const found = room.office.records({ cursor, items });
        const heads = found.items.map(({ ref, madeAt, events }) => ({ ref, madeAt, events }));
        return { items: heads, total: found.total, next: found.cursor };
      },
    });
  });

  /** All records of a patient, oldest first: after an erasure there may be another. */
  router.post('/records/searches', allow('read consents'), (request, response) => {
    const name = bodyOf(RecordName, request);
    if ('patient' in name) requireAllowed(response, 'read patient links');
    const refs = 'ref' in name ? [requireKnown(room, name.ref)] : room.office.refsOf(name.patient);
    if (refs.length === 0) room.logRead(response, 'patient', undefined, 'a patient of whom nothing is on file');
    for (const ref of refs) room.logRead(response, 'patient', ref);
    const items = refs.map((ref) => recordResource(room, response, ref));
    response.json({ items, total: items.length, next: null, height: room.height() });
  });

  router.get('/records/:ref', allow('read consents'), (request, response) => {
    const ref = requireKnown(room, refIn(request));
    room.logRead(response, 'patient', ref);
    response.json(recordResource(room, response, ref));
  });

  router.get('/records/:ref/history', allow('read consents'), async (request, response) => {
    const ref = requireKnown(room, refIn(request));
    const { format } = queryOf(consentQueries.list, request);
    room.logRead(response, format === undefined ? 'history' : 'export', ref, 'history');
    await answerList(request, response, {
      ...{ list: `history of ${ref}`, file: `consent-history-${ref}`, columns: HISTORY_COLUMNS },
      ...{ height: room.height(), part: wholePart(historyOf(room, ref)) },
    });
  });

  router.get('/records/:ref/effective', allow('read consents'), (request, response) => {
    const ref = requireKnown(room, refIn(request));
    const asked = queryOf(consentQueries.effective, request);
    room.logRead(response, 'effective', ref, JSON.stringify(asked));
    response.json(effectiveResource(room, ref, defined(asked)));
  });

  router.get('/records/:ref/uses', allow('read consents'), async (request, response) => {
    const ref = requireKnown(room, refIn(request));
    const { format } = queryOf(consentQueries.list, request);
    room.logRead(response, format === undefined ? 'uses' : 'export', ref, 'uses');
    await answerList(request, response, {
      ...{ list: `uses of ${ref}`, file: `consent-uses-${ref}`, columns: USE_COLUMNS },
      ...{ height: room.height(), part: wholePart(room.office.usesOf({ ref }), (use) => patientUse(room, use)) },
    });
  });

  /** What a selection for the study would say now; with `?round=`, what that of a round said. With its reasons. */
  router.get('/records/:ref/decisions/:study', allow('read consents'), (request, response) => {
    const ref = requireKnown(room, refIn(request));
    const study = parameter.study(request);
    const { round } = queryOf(consentQueries.decision, request);
    room.logRead(response, 'decisions', ref, `${round === undefined ? 'now' : `round ${round}`}, for ${study}`);
    const patient = room.office.patientOf(ref);
    const decision =
      round !== undefined
        ? room.office.decisionOf({ ref }, study, round)
        : patient && room.office.decisionNow(patient, study, runningProtocol(records, study));
    if (!decision) throw refusal('CONSENT_RECORD_UNKNOWN', {});
    response.json({ answer: decision.answer, reasons: [...decision.reasons] });
  });

  router.get('/records/:ref/reads', allow('read the log of reads'), async (request, response) => {
    const ref = requireKnown(room, refIn(request));
    queryOf(consentQueries.list, request);
    room.logRead(response, 'reads', ref);
    await answerList(request, response, {
      list: `reads of ${ref}`,
      file: `consent-reads-${ref}`,
      columns: READ_COLUMNS,
      height: room.height(),
      part: (cursor, items) => {
        const found = room.office.reads({ ref, ...defined({ cursor }), items });
        const reads = found.items.map(({ day, at, by, kind, query, hash }) => ({
          day,
          at,
          by,
          kind,
          ref,
          query,
          hash,
        }));
        return { items: reads, total: found.total, next: found.cursor };
      },
    });
  });

  router.post('/records/:ref/holds', allow('hold records'), async (request, response) => {
    const command = { ref: requireKnown(room, refIn(request)), ...bodyOf(HoldBody, request) };
    await write(request, response, transactions, {
      transaction: 'ConsentContract:holdRecord',
      command,
      path: `/consents/records/${command.ref}`,
      read: () => records.get(LegalHold, ledgerKey.hold(own, command.ref)),
    });
  });

  /** Acts here at once; the receipt says how far it is. */
  router.post('/records/:ref/erasure', allow('erase records'), (request, response) => {
    const ref = refIn(request);
    const body = bodyOf(ErasureBody, request);
    room.logRead(response, 'erasure', ref, body.ground);
    const receipt = room.office.erase({ who: { ref }, ...body }, byOf(response));
    response.status(receipt.state === 'done' ? 200 : 202).json(receipt);
  });

  router.get('/records/:ref/erasure', allow('read consents'), (request, response) => {
    const receipt = room.office.erasure(refIn(request));
    if (!receipt) throw refusal('CONSENT_RECORD_UNKNOWN', {});
    response.json(receipt);
  });

  /** A record as the channel has it, of any hospital: refs and commitments. Another hospital's: auditors only. */
  router.get('/hospitals/:msp/records/:ref', allow('read consents'), (request, response) => {
    const { ref, msp } = recordAsked(room, request, response);
    room.logRead(response, 'history', msp === own ? ref : undefined, `ledger record ${ref} of ${msp}`);
    const events = records.list(ConsentEvent, 'consent', msp, ref).map((event): ConsentEventResource => {
      const position = room.readings.placeOf(msp, ref, event.seq)?.position;
      return { ...event, record: ledgerPlace(event.record, position) };
    });
    const hold = records.get(LegalHold, ledgerKey.hold(msp, ref)) ?? null;
    const tombstone = records.get(Tombstone, ledgerKey.tombstone(msp, ref)) ?? null;
    if (events.length === 0 && !tombstone) throw refusal('CONSENT_RECORD_UNKNOWN', {});
    response.json({ msp, ref, height: room.height(), events, hold, tombstone });
  });

  /** What stood of such a record, by the channel alone. */
  router.get('/hospitals/:msp/records/:ref/effective', allow('read consents'), (request, response) => {
    const asked = { ...recordAsked(room, request, response), ...queryOf(consentQueries.effective, request) };
    logLedgerRead(room, response, asked);
    response.json(ledgerConsent(room, asked));
  });

  /** The same with what its hospital opened: salt and contents are compared with what the channel commits to, and not kept. */
  router.post('/hospitals/:msp/records/:ref/effective', allow('read consents'), (request, response) => {
    const { salt, contents, ...body } = bodyOf(OpenedRecordBody, request);
    const asked = { ...recordAsked(room, request, response), ...body };
    logLedgerRead(room, response, asked);
    response.json(ledgerConsent(room, { ...asked, opened: { salt, contents } }));
  });
  return router;
}

/** @throws ConsiliumError ROLE_REQUIRED where it is another hospital's, and who asks is no auditor */
function recordAsked({ msp: own }: ConsentRoom, request: Request, response: Response) {
  return { ref: refIn(request), msp: hospitalAsked(response, parsed(Msp, request.params.msp, 'msp'), own) };
}

function logLedgerRead(room: ConsentRoom, response: Response, { msp, ref, ...asked }: LedgerAsked): void {
  const query = `ledger record ${ref} of ${msp} ${JSON.stringify(asked)}`;
  room.logRead(response, 'effective', msp === room.msp ? ref : undefined, query);
}

/** @throws ConsiliumError CONSENT_RECORD_UNKNOWN */
export function requireKnown({ office }: ConsentRoom, ref: ConsentRef): ConsentRef {
  if (office.patientOf(ref) === undefined && !office.erasure(ref)) throw refusal('CONSENT_RECORD_UNKNOWN', {});
  return ref;
}

export function requireRecord(room: ConsentRoom, request: Request): ConsentRef {
  return requireKnown(room, refIn(request));
}

function recordResource(room: ConsentRoom, response: Response, ref: ConsentRef): ConsentRecordResource {
  const { office, records, msp } = room;
  const patient = office.patientOf(ref);
  const mayKnow = isAllowed(response, 'read patient links');
  return {
    ref,
    patient: mayKnow ? (patient ?? null) : null,
    live: patient === undefined ? false : office.refsOf(patient).at(-1) === ref,
    events: patient === undefined ? 0 : office.history({ ref }).length,
    hold: records.get(LegalHold, ledgerKey.hold(msp, ref)) ?? null,
    erasure: erasureOf(room, ref),
  };
}

function erasureOf({ office }: ConsentRoom, ref: ConsentRef): ConsentRecordResource['erasure'] {
  const receipt = office.erasure(ref);
  return receipt ? { ...receipt, destroyed: [...receipt.destroyed] } : null;
}

function effectiveResource(
  room: ConsentRoom,
  ref: ConsentRef,
  asked: Parameters<ConsentRoom['office']['effective']>[1],
): EffectiveResource {
  const { event, effectiveAt, knownAt } = room.office.effective({ ref }, asked);
  const isValid =
    event !== undefined &&
    (event.content.validFrom === null || event.content.validFrom <= effectiveAt) &&
    effectiveAt < (consentEndsAt(event.content) ?? Number.POSITIVE_INFINITY);
  return {
    ...{ ref, effectiveAt, knownAt, height: room.height() },
    stands: isValid && !endsConsent(event.kind),
    event: event ? historyEvent(room, event) : null,
  };
}
