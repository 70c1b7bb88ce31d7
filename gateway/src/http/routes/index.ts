/** All routes, by noun. */
import { type RequestHandler, Router } from 'express';
import { authenticate, type People } from '../authentication.js';
import { allow } from '../authorisation.js';
import { ConsentRoom } from '../consentRoom.js';
import { readJson } from '../readJson.js';
import { auditRoutes } from './audits.js';
import { baselineRoutes } from './baselines.js';
import { channelRoutes } from './channel.js';
import { importRoutes } from './consents/imports.js';
import { consentRoutes } from './consents/index.js';
import { evaluationRoutes } from './evaluations.js';
import { healthRoute } from './health.js';
import { hospitalRoutes } from './hospitals.js';
import { jobRoutes } from './jobs.js';
import { modelRoutes } from './models.js';
import { privacyRoutes } from './privacy.js';
import { roundRoutes } from './rounds.js';
import type { RouteParts } from './routeParts.js';
import { studyRoutes } from './studies.js';
import { transactionRoutes } from './transactions.js';

/** What `GET /api/v1` lists. A test compares it with what the router knows. */
export const ROUTES = [
  'GET /health',
  'GET /channel',
  'GET /hospitals',
  'POST /hospitals',
  'GET /studies',
  'POST /studies',
  'GET /studies/:study',
  'POST /studies/:study/approvals',
  'POST /studies/:study/votes',
  'GET /studies/:study/rounds',
  'GET /studies/:study/rounds/:round',
  'POST /studies/:study/rounds/:round/verification',
  'GET /studies/:study/models',
  'GET /studies/:study/models/:version',
  'GET /studies/:study/models/:version/file',
  'GET /studies/:study/models/:version/predictions',
  'GET /studies/:study/evaluations',
  'POST /studies/:study/baselines',
  'GET /studies/:study/data-report',
  'GET /consents/policies',
  'POST /consents/policies',
  'POST /consents/permits',
  'GET /consents/events',
  'POST /consents/events',
  'POST /consents/imports',
  'GET /consents/withdrawals',
  'POST /consents/withdrawals',
  'GET /consents/records',
  'POST /consents/records/searches',
  'GET /consents/records/:ref',
  'GET /consents/records/:ref/history',
  'GET /consents/records/:ref/effective',
  'GET /consents/records/:ref/uses',
  'GET /consents/records/:ref/decisions/:study',
  'GET /consents/records/:ref/reads',
  'GET /consents/records/:ref/page',
  'GET /consents/records/:ref/files/:file',
  'GET /consents/files/:file',
  'POST /consents/records/:ref/holds',
  'GET /consents/records/:ref/erasure',
  'POST /consents/records/:ref/erasure',
  'GET /consents/records/:ref/withdrawals/:seq/rounds',
  'GET /consents/hospitals/:msp/records/:ref',
  'GET /consents/hospitals/:msp/records/:ref/effective',
  'POST /consents/hospitals/:msp/records/:ref/effective',
  'GET /consents/uses',
  'GET /consents/selections',
  'GET /consents/selections/:selection/decisions',
  'GET /consents/reads',
  'POST /consents/reads/verification',
  'GET /consents/queue',
  'POST /consents/queue/take-overs',
  'GET /consents/backups',
  'POST /consents/backups',
  'POST /consents/restores',
  'POST /consents/key-rotations',
  'GET /audits/records/:msp/:ref',
  'GET /audits/studies/:study/rounds/:round',
  'GET /audits/studies/:study/rounds/:round/cohort',
  'GET /audits/studies/:study/rounds/:round/recomputation',
  'GET /audits/studies/:study/memberships/:ref',
  'GET /privacy/noise',
  'GET /privacy/table',
  'GET /privacy/spending',
  'GET /transactions/:transactionId',
  'GET /jobs/:job',
  'DELETE /jobs/:job',
  'GET /events',
] as const;

export type Guards = Readonly<{
  people: People;
  /** Limits those who fail to say who they are, and those who ask too often. */
  limitStrangers: RequestHandler;
  limitPeople: RequestHandler;
}>;

export function apiRoutes(parts: RouteParts, { people, limitStrangers, limitPeople }: Guards): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/health', limitStrangers, healthRoute(parts));
  // Who asks is known before a byte of a body is read.
  router.use(limitStrangers, authenticate(people), limitPeople);
  const consents = new ConsentRoom(parts);
  router.use('/consents', importRoutes(parts, consents));
  router.use(readJson);
  router.get('/', (_request, response) => void response.json({ routes: ROUTES }));
  router.use('/hospitals', hospitalRoutes(parts));
  router.use('/jobs', jobRoutes(parts));
  router.use('/transactions', transactionRoutes(parts));
  router.use('/consents', consentRoutes(parts, consents));
  router.use('/audits', auditRoutes(parts));
  router.use('/channel', channelRoutes(parts));
  router.use('/privacy', allow('read studies'), privacyRoutes(parts));
  router.get('/events', allow('read studies'), parts.events.stream);
  router.use('/studies', allow('read studies'), studyRoutes(parts));
  router.use('/studies/:study/rounds', roundRoutes(parts));
  router.use('/studies/:study/models', modelRoutes(parts));
  router.use('/studies/:study/evaluations', evaluationRoutes(parts));
  router.use('/studies/:study', baselineRoutes(parts));
  return router;
}
