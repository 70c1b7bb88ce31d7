/** Work that outlasts a request: started elsewhere, asked for and cancelled here. */
import type { JobResource } from '@consilium/client/resources';
import { type Response, Router } from 'express';
import { API_PATH } from '../apiLimits.js';
import { personOf } from '../authentication.js';
import { parameter } from '../input.js';
import type { JobWork } from '../jobs.js';
import type { RouteParts } from './routeParts.js';

export function jobRoutes({ jobs }: RouteParts): Router {
  const router = Router();
  router.get('/:job', (request, response) => {
    response.json(jobs.of(parameter.job(request), personOf(response).name));
  });
  router.delete('/:job', (request, response) => {
    response.json(jobs.cancel(parameter.job(request), personOf(response).name));
  });
  return router;
}

/** Starts work and answers 202 with where it is found. */
export function startJob(
  response: Response,
  { jobs }: Pick<RouteParts, 'jobs'>,
  kind: JobResource['kind'],
  work: JobWork,
): void {
  const job = jobs.start(kind, personOf(response).name, work);
  response.location(`${API_PATH}/jobs/${job.id}`).status(202).json(job);
}
