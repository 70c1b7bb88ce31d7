/** The compliance officer's desk, and the patient desk's. */
import { Router } from 'express';
import type { ConsentRoom } from '../../consentRoom.js';
import type { RouteParts } from '../routeParts.js';
import { eventRoutes } from './events.js';
import { fileRoutes } from './files.js';
import { policyRoutes } from './policies.js';
import { recordingRoutes } from './recording.js';
import { recordRoutes } from './records.js';
import { upkeepRoutes } from './upkeep.js';
import { useRoutes } from './uses.js';

export function consentRoutes(parts: RouteParts, room: ConsentRoom): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.use(policyRoutes(parts));
  router.use(eventRoutes(room));
  router.use(recordingRoutes(room));
  router.use(recordRoutes(parts, room));
  router.use(fileRoutes(parts, room));
  router.use(useRoutes(room));
  router.use(upkeepRoutes(room));
  return router;
}
