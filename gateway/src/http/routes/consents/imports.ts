/** Uploads of consents, of a size that outlasts a request. */
import { refusal } from '@consilium/domain';
import { Router, raw } from 'express';
import { IMPORT_BYTES_MAX } from '../../apiLimits.js';
import { allow } from '../../authorisation.js';
import { importConsents } from '../../consentImport.js';
import { byOf, type ConsentRoom } from '../../consentRoom.js';
import { importFormatOf } from '../../importLines.js';
import { startJob } from '../jobs.js';
import type { RouteParts } from '../routeParts.js';

/** Must stand before whatever reads JSON bodies: these are larger. */
export function importRoutes(parts: RouteParts, room: ConsentRoom): Router {
  const router = Router();
  const readUpload = raw({ limit: IMPORT_BYTES_MAX, type: () => true });
  router.post('/imports', allow('file consents'), readUpload, (request, response) => {
    const format = importFormatOf(request.get('content-type'));
    const { office } = room;
    const bytes: unknown = request.body;
    if (!Buffer.isBuffer(bytes) || bytes.length === 0)
      throw refusal('INPUT_INVALID', { problems: 'body: the upload is empty' });
    const by = byOf(response);
    startJob(response, parts, 'consent-import', (signal, onProgress) =>
      importConsents(office, { format, bytes }, by, signal, onProgress),
    );
  });
  return router;
}
