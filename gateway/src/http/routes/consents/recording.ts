/** Consents are recorded, changed and ended here, one by one or a few hundred at once. */
import { ConsentOrdersBody, type RecordingResource, WithdrawalBody } from '@consilium/client/resources';
import { refusal } from '@consilium/domain';
import { Router } from 'express';
import { API_PATH } from '../../apiLimits.js';
import { allow } from '../../authorisation.js';
import { ROUNDS_AFTER_COLUMNS, WITHDRAWAL_COLUMNS } from '../../consentColumns.js';
import { consentQueries, queryOf } from '../../consentQuery.js';
import { byOf, type ConsentRoom, defined } from '../../consentRoom.js';
import { roundsAfter, withdrawalResource } from '../../consentUses.js';
import { bodyOf, parameter } from '../../input.js';
import { answerList } from '../../listing.js';
import { whereTheyStand, withdrawn } from '../../recordedEvents.js';
import { requireRecord } from './records.js';

export function recordingRoutes(room: ConsentRoom): Router {
  const router = Router();

  /** 202, or with `?wait=commit` 201 once all of them are on the ledger. */
  router.post('/events', allow('file consents'), async (request, response) => {
    const { orders } = bodyOf(ConsentOrdersBody, request);
    const recorded = await room.office.record(orders, byOf(response));
    const events = await whereTheyStand(request, room, recorded.events);
    const answer: RecordingResource = { events, waiting: room.office.queue().waiting };
    const isDone = events.every(({ state }) => state === 'committed');
    response.status(isDone ? 201 : 202).json(answer);
  });

  /** Acts here before it is answered, whoever else is down: 200 with both times. */
  router.post('/withdrawals', allow('file consents'), async (request, response) => {
    const { patient, ref, ...order } = bodyOf(WithdrawalBody, request);
    if ((patient === undefined) === (ref === undefined))
      throw refusal('INPUT_INVALID', { problems: 'body: either patient or ref' });
    const number = patient ?? (ref && room.office.patientOf(ref));
    if (number === undefined) throw refusal('CONSENT_RECORD_UNKNOWN', {});
    if (ref !== undefined && room.office.refsOf(number).at(-1) !== ref) throw refusal('CONSENT_RECORD_UNKNOWN', {});
    const recorded = await room.office.record([{ patient: number, ...order }], byOf(response));
    const [event] = await whereTheyStand(request, room, recorded.events);
    if (!event) throw new Error('the store recorded no event');
    response.location(`${API_PATH}/consents/records/${event.ref}`).json(withdrawn(event));
  });

  /** What ended or narrowed what was allowed, by an event or by a consent's own terms, in the order in which it took effect. */
  router.get('/withdrawals', allow('read consents'), async (request, response) => {
    const { from, to, ended, study, format } = queryOf(consentQueries.withdrawals, request);
    const asked = JSON.stringify({ from, to, ended, study });
    room.logRead(response, format === undefined ? 'withdrawals' : 'export', undefined, asked);
    await answerList(request, response, {
      list: `withdrawals ${asked}`,
      file: `consent-withdrawals-${room.msp}`,
      columns: WITHDRAWAL_COLUMNS,
      height: room.height(),
      part: (cursor, items) => {
        const found = room.office.withdrawals({ ...defined({ from, to, ended, cursor }), items });
        const withdrawals = found.items.map((withdrawal) => withdrawalResource(room, withdrawal, study));
        return { items: withdrawals, total: found.total, next: found.cursor };
      },
    });
  });

  /** The first rounds after one of them, study by study. */
  router.get('/records/:ref/withdrawals/:seq/rounds', allow('read consents'), async (request, response) => {
    const ref = requireRecord(room, request);
    const seq = parameter.seq(request);
    const { ended, format } = queryOf(consentQueries.roundsAfter, request);
    room.logRead(response, format === undefined ? 'withdrawals' : 'export', ref, `rounds after ${ended} ${seq}`);
    await answerList(request, response, {
      list: `rounds after ${ended} ${ref} ${seq}`,
      file: `consent-rounds-after-${ref}-${seq}`,
      columns: ROUNDS_AFTER_COLUMNS,
      height: room.height(),
      part: roundsAfter(room, room.office.withdrawal(ref, seq, ended)),
    });
  });
  return router;
}
