/** What consents were used for: cohorts by policy, root, study or hospital, and the decisions of selections. */
import type { SelectionDecision, SelectionResource } from '@consilium/client/resources';
import { canonicalDigest, refusal } from '@consilium/domain';
import { Router } from 'express';
import { allow } from '../../authorisation.js';
import { COHORT_COLUMNS, DECISION_COLUMNS, SELECTION_COLUMNS } from '../../consentColumns.js';
import { consentQueries, hospitalAsked, queryOf } from '../../consentQuery.js';
import { type ConsentRoom, defined } from '../../consentRoom.js';
import { cohortUse } from '../../consentUses.js';
import { parameter } from '../../input.js';
import { answerList, wholePart } from '../../listing.js';

export function useRoutes(room: ConsentRoom): Router {
  const router = Router();

  router.get('/uses', allow('read records of use'), async (request, response) => {
    const { limit: _, cursor: __, format, ...asked } = queryOf(consentQueries.uses, request);
    const filter = { ...asked, msp: hospitalAsked(response, asked.msp, room.msp) };
    room.logRead(response, format === undefined ? 'uses' : 'export', undefined, `cohorts ${JSON.stringify(filter)}`);
    await answerList(request, response, {
      list: `uses ${canonicalDigest(JSON.parse(JSON.stringify(filter)))}`,
      file: `consent-uses-${filter.msp}`,
      columns: COHORT_COLUMNS,
      height: room.height(),
      part: (after, items) => {
        const found = room.readings.joins(filter, after === undefined ? undefined : markIn(after), items);
        const last = found.items.at(-1);
        return {
          items: found.items.map((join) => cohortUse(room, join)),
          total: found.total,
          next: found.more && last ? String(last.mark) : null,
        };
      },
    });
  });

  router.get('/selections', allow('read records of use'), async (request, response) => {
    const { day, study, round, format } = queryOf(consentQueries.selections, request);
    const asked = JSON.stringify({ day, study, round });
    room.logRead(response, format === undefined ? 'decisions' : 'export', undefined, `selections ${asked}`);
    await answerList(request, response, {
      list: `selections ${asked}`,
      file: `consent-selections-${day ?? room.msp}`,
      columns: SELECTION_COLUMNS,
      height: room.height(),
      part: (cursor, items) => {
        const found = room.office.decisions({ ...defined({ study, round, cursor }), ...boundsOf(day), items });
        return { items: found.items.map(selectionResource), total: found.total, next: found.cursor };
      },
    });
  });

  /** Every decision of a selection, with its reasons: by refs. */
  router.get('/selections/:selection/decisions', allow('read records of use'), async (request, response) => {
    const id = parameter.selection(request);
    const { answer, format } = queryOf(consentQueries.decisions, request);
    room.logRead(response, format === undefined ? 'decisions' : 'export', undefined, `selection ${id}`);
    const { groups } = room.office.decisionList(id);
    const decisions = groups
      .filter((group) => answer === undefined || group.answer === answer)
      .flatMap(({ answer: given, reasons, refs }) =>
        refs.map((ref): SelectionDecision => ({ ref, answer: given, reasons: [...reasons] })),
      );
    await answerList(request, response, {
      list: `decisions of ${id} ${answer ?? ''}`,
      file: `consent-decisions-${id}`,
      columns: DECISION_COLUMNS,
      height: room.height(),
      part: wholePart(decisions),
    });
  });
  return router;
}

function markIn(after: string): number {
  if (!/^\d{1,16}$/.test(after)) throw refusal('PAGE_CURSOR_INVALID', {});
  return Number(after);
}

/** Without what the list of decisions would show. */
function selectionResource(selection: SelectionResource): SelectionResource {
  const { id, study, round, at, commitment, listHash, allowed, denied, abstained, withoutRecord } = selection;
  return { id, study, round, at, commitment, listHash, allowed, denied, abstained, withoutRecord };
}

const DAY_MS = 86_400_000;

/** A day of UTC, without the first instant of the next. */
function boundsOf(day: string | undefined): { from?: number; to?: number } {
  if (day === undefined) return {};
  const from = Date.parse(`${day}T00:00:00Z`);
  return { from, to: from + DAY_MS };
}
