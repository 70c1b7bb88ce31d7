/** Consent policies of hospitals, and permits of studies. */
import { PermitBody, type PermitResource, PolicyBody } from '@consilium/client/resources';
import { ConsentPolicyHead, DataPermit, ledgerKey } from '@consilium/domain';
import { Router } from 'express';
import { allow } from '../../authorisation.js';
import { POLICY_COLUMNS } from '../../consentColumns.js';
import { consentQueries, queryOf } from '../../consentQuery.js';
import { bodyOf } from '../../input.js';
import { answerList, wholePart } from '../../listing.js';
import { policyResource, policyResources } from '../../policyResources.js';
import { write } from '../../submission.js';
import type { RouteParts } from '../routeParts.js';

export function policyRoutes({ hospital, records, transactions }: RouteParts): Router {
  const router = Router();
  const { msp: own } = hospital;

  /** Policies are for every member of the channel to read: they say what their patients were told. */
  router.get('/policies', allow('read consent policies'), async (request, response) => {
    const { msp = own } = queryOf(consentQueries.policies, request);
    await answerList(request, response, {
      list: `policies of ${msp}`,
      file: `policies-${msp}`,
      columns: POLICY_COLUMNS,
      height: records.height(),
      part: wholePart(policyResources(records, msp)),
    });
  });

  router.post('/policies', allow('publish consent policies'), async (request, response) => {
    await write(request, response, transactions, {
      transaction: 'ConsentContract:publishPolicy',
      command: bodyOf(PolicyBody, request),
      path: '/consents/policies',
      read: () => {
        const head = records.get(ConsentPolicyHead, ledgerKey.policyHead(own));
        return head && policyResource(records, own, head.versions);
      },
    });
  });

  router.post('/permits', allow('record permits'), async (request, response) => {
    const command = bodyOf(PermitBody, request);
    await write(request, response, transactions, {
      transaction: 'ConsentContract:recordPermit',
      command,
      path: `/studies/${command.study}`,
      read: (): PermitResource | undefined => records.get(DataPermit, ledgerKey.permit(command.study, own)),
    });
  });
  return router;
}
