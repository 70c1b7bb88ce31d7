/** Differential privacy for those who write and approve protocols: the accountant's answers, and what was spent. */
import {
  NoiseQuery,
  type NoiseResource,
  type SpendingResource,
  TableQuery,
  type TableResource,
} from '@consilium/client/resources';
import {
  ledgerKey,
  NOISE_PRECISION,
  noiseFor,
  PrivacySpending,
  privacySpent,
  StudyVersion,
  spentMicroEpsilonAfterRounds,
} from '@consilium/domain';
import { Router } from 'express';
import { parsed } from '../input.js';
import type { Records } from '../records.js';
import { studyKeys } from '../studyResources.js';
import type { RouteParts } from './routeParts.js';

export function privacyRoutes({ hospital, records }: RouteParts): Router {
  const router = Router();

  router.get('/noise', (request, response) => {
    const target = parsed(NoiseQuery, request.query, 'query');
    const { samplingRate, steps, delta } = target;
    const noiseMultiplier = noiseFor(target);
    const spent = privacySpent({ samplingRate, noiseMultiplier }, steps, delta);
    const resource: NoiseResource = { ...target, noiseMultiplier, precision: NOISE_PRECISION, spent };
    response.json(resource);
  });

  router.get('/table', (request, response) => {
    const settings = parsed(TableQuery, request.query, 'query');
    const { delta, steps, rounds } = settings;
    const spentMicroEpsilonAfterRound = spentMicroEpsilonAfterRounds(settings, delta, steps, rounds);
    const resource: TableResource = { ...settings, spentMicroEpsilonAfterRound };
    response.json(resource);
  });

  router.get('/spending', (_request, response) => {
    response.json(spendingOf(records, hospital.msp));
  });
  return router;
}

function spendingOf(records: Records, msp: string): SpendingResource {
  const studies = studyKeys(records).flatMap(({ study }) => {
    const spending = records.get(PrivacySpending, ledgerKey.spent(study, msp as never));
    const version = spending && records.get(StudyVersion, ledgerKey.studyVersion(study, spending.protocolVersion));
    const privacy = version?.protocol.privacy;
    if (!spending || !version || !privacy) return [];
    const { joins, microEpsilon } = spending;
    const { delta, budgetMicroEpsilon } = privacy;
    return [{ study, title: version.protocol.title, joins, microEpsilon, delta, budgetMicroEpsilon }];
  });
  const total = studies.reduce(
    (sum, { microEpsilon, delta }) => ({ microEpsilon: sum.microEpsilon + microEpsilon, delta: sum.delta + delta }),
    { microEpsilon: 0, delta: 0 },
  );
  return { studies, total };
}
