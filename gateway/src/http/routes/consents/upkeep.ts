/** What keeps the consent store: its queue, copies and key, and the log of who read what. */
import { RestoreBody, RotationBody, TakeOverBody } from '@consilium/client/resources';
import { Router } from 'express';
import { allow } from '../../authorisation.js';
import { READ_COLUMNS } from '../../consentColumns.js';
import { consentQueries, queryOf } from '../../consentQuery.js';
import { byOf, type ConsentRoom, defined } from '../../consentRoom.js';
import { bodyOf } from '../../input.js';
import { answerList } from '../../listing.js';

export function upkeepRoutes(room: ConsentRoom): Router {
  const router = Router();

  router.get('/queue', allow('look after the queue of consents'), (_request, response) => {
    response.json(room.office.queue());
  });
  /** Events of somebody whose identity does not sign any more are sent as who asks. */
  router.post('/queue/take-overs', allow('take over queued consents'), (request, response) => {
    const { from } = bodyOf(TakeOverBody, request);
    response.json({ events: room.office.takeOver(from, byOf(response)) });
  });

  router.get('/reads', allow('read the log of reads'), async (request, response) => {
    const { ref, from, to, format } = queryOf(consentQueries.reads, request);
    const asked = JSON.stringify({ ref, from, to });
    room.logRead(response, format === undefined ? 'reads' : 'export', ref, `reads ${asked}`);
    await answerList(request, response, {
      list: `reads ${asked}`,
      file: `consent-reads-${room.msp}`,
      columns: READ_COLUMNS,
      height: room.height(),
      part: (cursor, items) => {
        const found = room.office.reads({ ...defined({ ref, from, to, cursor }), items });
        const reads = found.items.map(({ day, at, by, kind, ref: read, query, hash }) => {
          return { ...{ day, at, by, kind }, ref: read, query, hash };
        });
        return { items: reads, total: found.total, next: found.cursor };
      },
    });
  });
  /** Recomputes the whole log, and compares it with what the ledger has of each day. */
  router.post('/reads/verification', allow('read the log of reads'), (_request, response) => {
    response.json(room.office.verifyReadLog());
  });

  router.get('/backups', allow('keep the consent store'), (_request, response) => {
    const items = room.office.backups();
    response.json({ items, total: items.length, next: null, height: room.height() });
  });
  router.post('/backups', allow('keep the consent store'), (_request, response) => {
    room.logRead(response, 'backup');
    response.status(201).json(room.office.backup());
  });
  router.post('/restores', allow('keep the consent store'), async (request, response) => {
    const { name, key } = bodyOf(RestoreBody, request);
    room.logRead(response, 'restore', undefined, name);
    const { office } = room;
    response.json(await (key === undefined ? office.restore(name) : office.restore(name, Buffer.from(key, 'hex'))));
  });
  router.post('/key-rotations', allow('keep the consent store'), (request, response) => {
    const { key } = bodyOf(RotationBody, request);
    room.logRead(response, 'rotation');
    room.office.rotateKey(Buffer.from(key, 'hex'));
    response.status(201).json({ rotatedAt: room.now() });
  });
  return router;
}
