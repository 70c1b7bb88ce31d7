/** Bodies are JSON, of a limited size. */
import { REQUEST_BODY_BYTES_MAX } from '@consilium/domain';
import { json, type RequestHandler } from 'express';

export const readJson: RequestHandler = json({ limit: REQUEST_BODY_BYTES_MAX, type: ['application/json', '+json'] });
