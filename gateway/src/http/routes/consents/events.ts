/** Consent events as the channel has them, of all patients: for questions over time, never by patient number. */
import type { ConsentEventResource } from '@consilium/client/resources';
import { ConsentEvent, canonicalDigest, ledgerKey, refusal } from '@consilium/domain';
import { Router } from 'express';
import { z } from 'zod';
import { allow } from '../../authorisation.js';
import { EVENT_COLUMNS } from '../../consentColumns.js';
import type { EventMark } from '../../consentOffice.js';
import { consentQueries, hospitalAsked, queryOf } from '../../consentQuery.js';
import { type ConsentRoom, ledgerPlace } from '../../consentRoom.js';
import { answerList, type Part } from '../../listing.js';

type Asked = Omit<Parameters<ConsentRoom['readings']['events']>[0], 'after' | 'items'>;

const Mark = z.tuple([z.number().transform(Math.trunc), z.int().min(0)]);

export function eventRoutes(room: ConsentRoom): Router {
  const router = Router();
  router.get('/events', allow('read consents'), async (request, response) => {
    const {
      limit: _,
      cursor: __,
      format,
      order,
      axis,
      from,
      to,
      kind,
      reason,
      role,
      ...rest
    } = queryOf(consentQueries.events, request);
    const filter = {
      ...rest,
      msp: hospitalAsked(response, rest.msp, room.msp),
      kinds: kind,
      reasons: reason,
      roles: role,
    };
    const asked = { filter, axis, descending: order === 'descending', from, to };
    room.logRead(response, format === undefined ? 'list' : 'export', undefined, `events ${JSON.stringify(asked)}`);
    await answerList(request, response, {
      list: `events ${canonicalDigest(JSON.parse(JSON.stringify(asked)))}`,
      file: `consent-events-${filter.msp}`,
      columns: EVENT_COLUMNS,
      height: room.height(),
      part: (after, items) => eventsPart(room, asked, after, items),
    });
  });
  return router;
}

function eventsPart(
  room: ConsentRoom,
  asked: Asked,
  after: string | undefined,
  items: number,
): Part<ConsentEventResource> {
  const found = room.readings.events({ ...asked, after: after === undefined ? undefined : markIn(after), items });
  const last = found.items.at(-1);
  return {
    items: found.items.map(({ msp, ref, seq, place }) => {
      const event = room.records.get(ConsentEvent, ledgerKey.consent(msp, ref, seq));
      if (!event) throw new Error(`the read model has event ${seq} of ${ref} that the mirror has not`);
      return { ...event, record: ledgerPlace(event.record, place.position) };
    }),
    total: found.total,
    next: found.more && last ? JSON.stringify([last.mark.at, last.mark.place]) : null,
  };
}

function markIn(after: string): EventMark {
  try {
    const [at, place] = Mark.parse(JSON.parse(after));
    return { at, place };
  } catch {
    throw refusal('PAGE_CURSOR_INVALID', {});
  }
}
