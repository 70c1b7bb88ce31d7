/** Figures that hospitals reported of themselves, where the protocol lets them. */
import { HospitalEvaluation, ledgerKey } from '@consilium/domain';
import { Router } from 'express';
import { parameter } from '../input.js';
import { pageOf } from '../paging.js';
import { newestVersion } from '../studyResources.js';
import type { RouteParts } from './routeParts.js';

export function evaluationRoutes({ records }: RouteParts): Router {
  const router = Router({ mergeParams: true });
  router.get('/', async (request, response) => {
    const study = parameter.study(request);
    newestVersion(records, study);
    const entries = records
      .list(HospitalEvaluation, 'evaluation', study)
      .map((evaluation) => ({ key: ledgerKey.evaluation(study, evaluation.round, evaluation.msp), evaluation }));
    response.json(await pageOf(request, `evaluations of ${study}`, entries, ({ evaluation }) => evaluation));
  });
  return router;
}
