/** Rounds of a study: what was recorded, what follows from it, and its recomputation. */
import type { VerificationReport } from '@consilium/client/resources';
import { Round } from '@consilium/domain';
import { Router } from 'express';
import type { RoundExcerpt } from '../../agent/ports.js';
import { personOf } from '../authentication.js';
import { allow } from '../authorisation.js';
import { independentCheck } from '../independentCheck.js';
import { parameter } from '../input.js';
import { pageOf } from '../paging.js';
import { requireRound, roundResource, roundSummary } from '../roundResources.js';
import { newestVersion } from '../studyResources.js';
import { startJob } from './jobs.js';
import type { RouteParts } from './routeParts.js';

export function roundRoutes(parts: RouteParts): Router {
  const { records, timings, verifier } = parts;
  const router = Router({ mergeParams: true });

  router.get('/', async (request, response) => {
    const study = parameter.study(request);
    newestVersion(records, study);
    const entries = records.entries('round', study);
    const page = await pageOf(request, `rounds of ${study}`, entries, ({ key, value }) =>
      roundSummary(records, requireRound(records, study, records.parse(Round, key, value).round)),
    );
    response.json(page);
  });

  router.get('/:round', (request, response) => {
    const study = parameter.study(request);
    const number = parameter.round(request);
    newestVersion(records, study);
    const found = requireRound(records, study, number);
    response.json(roundResource(records, found, timings.timings(study, number)));
  });

  router.post('/:round/verification', allow('verify rounds'), (request, response) => {
    const study = parameter.study(request);
    const number = parameter.round(request);
    newestVersion(records, study);
    requireRound(records, study, number);
    const person = personOf(response).name;
    startJob(response, parts, 'verification', async (signal): Promise<VerificationReport> => {
      const { checks, scores, excerpt, ...report } = await verifier.verify(study, number, signal);
      const second = await independentCheck(parts, person, { study, round: number }, signal);
      return {
        ...report,
        ok: report.ok && (!second.ran || second.holds),
        independent: second,
        checks: [...checks],
        scores: scores ? [...scores] : null,
        excerpt: excerpt ? excerptShown(excerpt) : null,
      };
    });
  });
  return router;
}

function excerptShown({ vectors, sum }: RoundExcerpt): NonNullable<VerificationReport['excerpt']> {
  return {
    vectors: Object.fromEntries([...vectors].map(([msp, elements]) => [msp, [...elements]])),
    sum: sum ? [...sum] : null,
  };
}
