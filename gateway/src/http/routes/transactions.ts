/** The fate of a transaction. */
import { Router } from 'express';
import { allow } from '../authorisation.js';
import { parameter } from '../input.js';
import type { RouteParts } from './routeParts.js';

export function transactionRoutes({ transactions }: RouteParts): Router {
  const router = Router();
  router.get('/:transactionId', allow('read studies'), async (request, response) => {
    response.json(await transactions.fateOf(parameter.transactionId(request)));
  });
  return router;
}
