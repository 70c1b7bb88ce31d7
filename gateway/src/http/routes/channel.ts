/** What this gateway sees of the channel. */
import type { ChannelResource } from '@consilium/client/resources';
import { Router } from 'express';
import { allow } from '../authorisation.js';
import type { RouteParts } from './routeParts.js';

export function channelRoutes({ hospital, records, peer }: RouteParts): Router {
  const router = Router();
  router.get('/', allow('read studies'), (_request, response) => {
    const { channel, chaincode, chaincodeDigest } = hospital;
    const { invalidByCode, ...counts } = peer.transactions();
    const resource: ChannelResource = {
      channel,
      chaincode,
      chaincodeDigest,
      height: records.height(),
      transactions: { ...counts, invalidByCode: { ...invalidByCode } },
      recentCommitMs: peer.recentCommitMs(),
    };
    response.json(resource);
  });
  return router;
}
