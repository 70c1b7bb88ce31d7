/** What this hospital's own rows give a study: the model trained on them alone, and how they were read. */
import { BaselineBody } from '@consilium/client/resources';
import { Router } from 'express';
import { allow } from '../authorisation.js';
import { bodyOf, parameter } from '../input.js';
import { runningProtocol } from '../studyResources.js';
import { startJob } from './jobs.js';
import type { RouteParts } from './routeParts.js';

export function baselineRoutes(parts: RouteParts): Router {
  const { records, ownRows } = parts;
  const router = Router({ mergeParams: true });

  router.post('/baselines', allow('train alone'), (request, response) => {
    const study = parameter.study(request);
    const protocol = runningProtocol(records, study);
    const { training } = bodyOf(BaselineBody, request);
    startJob(response, parts, 'baseline', (signal, onProgress) =>
      ownRows.trainAlone({ study, protocol, training }, onProgress, signal),
    );
  });

  router.get('/data-report', allow('read data reports'), async (request, response) => {
    const study = parameter.study(request);
    response.json(await ownRows.report(study, runningProtocol(records, study)));
  });
  return router;
}
