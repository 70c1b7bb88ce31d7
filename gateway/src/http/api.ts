/** The REST interface of a hospital's gateway: an Express application. */
import { refusal } from '@consilium/domain';
import express, { type Express, type RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import type { Log } from '../agent/ports.js';
import { API_PATH, MINUTE_MS, REQUESTS_PER_MINUTE_MAX, UNAUTHENTICATED_PER_MINUTE_MAX } from './apiLimits.js';
import { People, personOf } from './authentication.js';
import type { EventHub } from './eventHub.js';
import { FHIR_PATH } from './fhirMedia.js';
import { Jobs } from './jobs.js';
import type { ApiParts } from './ports.js';
import { answerProblems } from './problem.js';
import { Records } from './records.js';
import { fhirRoutes } from './routes/fhir.js';
import { apiRoutes } from './routes/index.js';
import { TransactionBook } from './transactionBook.js';

export type Api = Readonly<{
  app: Express;
  /** Ends jobs and event streams. */
  close(): void;
}>;

export function makeApi(parts: ApiParts, events: EventHub): Api {
  const { log, readings, peer, clock } = parts;
  const jobs = new Jobs(clock, log);
  const stopListening = readings.onTransactions((transactions) => events.publishTransactions(transactions));
  const routeParts = {
    ...parts,
    records: new Records(readings),
    transactions: new TransactionBook(readings, peer),
    jobs,
    events,
  };
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(logRequests(log), helmet(), keepNowhere);
  const guards = {
    people: new People(parts.people),
    limitStrangers: limited(UNAUTHENTICATED_PER_MINUTE_MAX, {
      // Whoever has a valid token is not a stranger: only answers without one count.
      requestWasSuccessful: (_request, response) => response.statusCode !== 401,
      skipSuccessfulRequests: true,
      keyGenerator: ({ ip }) => ipKeyGenerator(ip ?? ''),
    }),
    limitPeople: limited(REQUESTS_PER_MINUTE_MAX, { keyGenerator: (_request, response) => personOf(response).name }),
  };
  app.use(API_PATH, apiRoutes(routeParts, guards));
  app.use(FHIR_PATH, fhirRoutes(parts.fhir, guards, log));
  app.use(({ method, path }, _response, next) => {
    next(refusal('ROUTE_UNKNOWN', { method, path: path.slice(0, 200) }));
  });
  app.use(answerProblems(log));
  return {
    app,
    close: () => {
      stopListening();
      jobs.close();
      events.close();
    },
  };
}

function limited(requestsMax: number, options: Parameters<typeof rateLimit>[0]): RequestHandler {
  return rateLimit({
    ...options,
    windowMs: MINUTE_MS,
    limit: requestsMax,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: () => {
      throw refusal('TOO_MANY_REQUESTS', { requestsMax, seconds: MINUTE_MS / 1_000 });
    },
  });
}

/** Answers are for who asked, at that moment. */
const keepNowhere: RequestHandler = (_request, response, next) => {
  response.setHeader('cache-control', 'no-store');
  next();
};

function logRequests(log: Log): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    response.on('close', () => {
      const { person, loggedPath } = response.locals as { person?: { name: string }; loggedPath?: string };
      log.info(
        {
          method: request.method,
          path: loggedPath ?? request.originalUrl.split('?')[0]?.slice(0, 200),
          status: response.statusCode,
          ms: Math.round(performance.now() - started),
          person: person?.name,
        },
        'request',
      );
    });
    next();
  };
}
