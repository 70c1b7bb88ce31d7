/** Hospitals of the channel, and the registration of the own one. */
import { HospitalBody, type HospitalResource } from '@consilium/client/resources';
import { Hospital, HospitalRegistration, ledgerKey } from '@consilium/domain';
import { Router } from 'express';
import { bodyOf, parsed } from '../input.js';
import { pageOf } from '../paging.js';
import type { Recorded } from '../records.js';
import { write } from '../submission.js';
import type { RouteParts } from './routeParts.js';

export function hospitalRoutes({ hospital, records, transactions }: RouteParts): Router {
  const router = Router();
  const resourceOf = (found: Recorded<Hospital>): HospitalResource => ({ ...found, own: found.msp === hospital.msp });

  router.get('/', async (request, response) => {
    const entries = records.list(Hospital, 'hospital').map((found) => ({ key: found.msp, found }));
    response.json(await pageOf(request, 'hospitals', entries, ({ found }) => resourceOf(found)));
  });

  router.post('/', async (request, response) => {
    const { msp, name, exchangeUrl, chaincodeDigest } = hospital;
    const body = bodyOf(HospitalBody, request);
    const command = parsed(HospitalRegistration, { name, exchangeUrl, chaincodeDigest, ...body }, 'body');
    await write(request, response, transactions, {
      transaction: 'HospitalContract:registerHospital',
      command,
      path: '/hospitals',
      read: () => {
        const found = records.get(Hospital, ledgerKey.hospital(msp));
        return found && resourceOf(found);
      },
    });
  });
  return router;
}
