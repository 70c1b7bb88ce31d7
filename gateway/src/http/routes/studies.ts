/** Studies: their protocols, the approvals of those, and votes. */
import { ApprovalBody, StudyBody, VoteBody } from '@consilium/client/resources';
import { Approval, ledgerKey, requireSoundProtocol, requireTrueTable, Study, StudyVersion } from '@consilium/domain';
import { Router } from 'express';
import { allow } from '../authorisation.js';
import { bodyOf, parameter } from '../input.js';
import { pageOf } from '../paging.js';
import { newestVersion, studyKeys, studyResource, studySummary, voteTallies } from '../studyResources.js';
import { write } from '../submission.js';
import type { RouteParts } from './routeParts.js';

export function studyRoutes({ hospital, records, transactions, failures }: RouteParts): Router {
  const router = Router();

  router.get('/', async (request, response) => {
    response.json(await pageOf(request, 'studies', studyKeys(records), ({ study }) => studySummary(records, study)));
  });

  router.post('/', async (request, response) => {
    const { study, protocol } = bodyOf(StudyBody, request);
    requireSoundProtocol(protocol);
    requireTrueTable(protocol);
    await write(request, response, transactions, {
      transaction: 'StudyContract:proposeStudy',
      command: { study, protocol },
      path: `/studies/${study}`,
      read: () => records.get(Study, ledgerKey.study(study)) && studyResource(records, study, failures),
    });
  });

  router.get('/:study', (request, response) => {
    response.json(studyResource(records, parameter.study(request), failures));
  });

  router.post('/:study/approvals', allow('approve studies'), async (request, response) => {
    const study = parameter.study(request);
    const command = { study, ...bodyOf(ApprovalBody, request) };
    // What a private study costs its patients is recomputed here, whoever proposed it.
    const signed = records.get(StudyVersion, ledgerKey.studyVersion(study, command.version));
    if (signed) requireTrueTable(signed.protocol);
    await write(request, response, transactions, {
      transaction: 'StudyContract:approveStudy',
      command,
      path: `/studies/${study}`,
      read: () => records.get(Approval, ledgerKey.approval(study, command.version, hospital.msp)),
    });
  });

  router.post('/:study/votes', async (request, response) => {
    const study = parameter.study(request);
    const command = { study, ...bodyOf(VoteBody, request) };
    await write(request, response, transactions, {
      transaction: 'StudyContract:castVote',
      command,
      path: `/studies/${study}`,
      read: () =>
        voteTallies(records, study, newestVersion(records, study).protocol).find(
          ({ subject }) => subject === command.subject,
        ),
    });
  });
  return router;
}
