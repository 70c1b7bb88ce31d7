/** Bundles that the gateway answers with. */

import type { Instant } from '@consilium/domain';
import { instantOf, textOf } from './fhirTime.js';
import type { Json, R4Bundle } from './fhirTypes.js';

/** Resources found, with the total that there are. @param base where the resources are served, such as `https://host/fhir/r4` */
export function searchset(
  base: string,
  resources: readonly Json[],
  total: number,
  links: Readonly<{ self: string; next?: string }>,
): Json {
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total,
    link: Object.entries(links).map(([relation, url]) => ({ relation, url: `${base}/${url}` })),
    ...(resources.length > 0
      ? {
          entry: resources.map((resource) => ({
            fullUrl: `${base}/${String(resource.resourceType)}/${String(resource.id)}`,
            resource,
            search: { mode: 'match' },
          })),
        }
      : {}),
  };
}

/** Resources gathered for a patient or an officer to take away. */
export function collection(resources: readonly Json[], at: Instant): R4Bundle {
  return {
    resourceType: 'Bundle',
    type: 'collection',
    timestamp: textOf(at),
    ...(resources.length > 0
      ? {
          entry: resources.map((resource) => ({
            fullUrl: `urn:consilium:fhir:${String(resource.resourceType)}:${String(resource.id)}`,
            resource,
          })),
        }
      : {}),
  } as unknown as R4Bundle;
}

/** Newest first: by `recorded`, of AuditEvents. */
export function newestFirst(events: readonly Json[]): Json[] {
  return [...events].sort((a, b) => (instantOf(String(b.recorded)) ?? 0) - (instantOf(String(a.recorded)) ?? 0));
}
