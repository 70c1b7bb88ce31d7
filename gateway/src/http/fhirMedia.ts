/** FHIR's media types: JSON alone is spoken, and the version stands in the `fhirVersion` parameter. */
import { refusal } from '@consilium/domain';
import type { Request, Response } from 'express';
import { json, type RequestHandler } from 'express';
import { versionNamed } from '../fhir/consentCodec.js';
import { BUNDLE_BYTES_MAX, RESOURCE_BYTES_MAX } from '../fhir/fhirLimits.js';
import type { FhirVersion } from '../fhir/fhirTypes.js';

export const FHIR_PATH = '/fhir/r4';
const JSON_TYPES = ['application/fhir+json', 'application/json', 'application/*', '*/*'];
const FORMATS = ['json', 'application/fhir+json', 'application/json'];
const VERSION = /;\s*fhirVersion="?([^";,\s]*)"?/i;

/** Refuses who asks for another format than JSON (406), or sends one (415). */
export const speakJson: RequestHandler = (request, _response, next) => {
  const { _format: format } = request.query;
  // A plus in a query is a space, and often meant as a plus.
  if (format !== undefined && !FORMATS.includes(String(format).replace(' ', '+').split(';')[0] ?? ''))
    throw refusal('FHIR_MEDIA_NOT_ACCEPTABLE', {});
  const accepted = (request.get('accept') ?? '*/*').split(',').map((one) => one.split(';')[0]?.trim().toLowerCase());
  if (!accepted.some((one) => one !== undefined && JSON_TYPES.includes(one)))
    throw refusal('FHIR_MEDIA_NOT_ACCEPTABLE', {});
  const sent = request.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (request.method === 'POST' && sent !== 'application/fhir+json' && sent !== 'application/json')
    throw refusal('FHIR_MEDIA_UNSUPPORTED', {});
  next();
};

/** The version that the answer is to be in. @throws ConsiliumError FHIR_VERSION_UNKNOWN */
export const versionAsked = (request: Request): FhirVersion =>
  versionNamed(VERSION.exec(request.get('accept') ?? '')?.[1]);

/** The version of what was sent. @throws ConsiliumError FHIR_VERSION_UNKNOWN */
export const versionSent = (request: Request): FhirVersion =>
  versionNamed(VERSION.exec(request.get('content-type') ?? '')?.[1]);

const type = ['application/fhir+json', 'application/json'];
export const readResource: RequestHandler = json({ limit: RESOURCE_BYTES_MAX, type });
export const readBundle: RequestHandler = json({ limit: BUNDLE_BYTES_MAX, type });

export function sendFhir(response: Response, status: number, resource: unknown, version: FhirVersion = '4.0'): void {
  response.status(status).type(`application/fhir+json; fhirVersion=${version}; charset=utf-8`);
  response.send(Buffer.from(JSON.stringify(resource)));
}

const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Where the resources are served, as the caller reached it; a host that is none is not repeated. */
export function baseOf(request: Request): string {
  const host = request.get('host') ?? '';
  return `https://${HOST.test(host) ? host : 'localhost'}${FHIR_PATH}`;
}
