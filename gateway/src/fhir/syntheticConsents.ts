/** Consents made up beside made-up patients, such as Synthea's, whose bundles hold none. Each is labelled synthetic. */
import type { ConsentTerm, Instant } from '@consilium/domain';
import { writeConsent } from './consentCodec.js';
import { RESEARCH_CATEGORY, RESEARCH_SCOPE } from './consentScope.js';
import { textOf } from './fhirTime.js';
import { isJson, type Json, type R4Bundle, type R4Consent } from './fhirTypes.js';
import type { FhirHospital } from './ports.js';
import { policyUri, SYNTHETIC } from './systems.js';

/** Terms that are given out in turn: general, health research, one disease not for profit, with ethics approval. */
const TERMS: readonly (readonly ConsentTerm[])[] = [
  [{ code: 'DUO:0000042', values: [] }],
  [{ code: 'DUO:0000006', values: [] }],
  [
    { code: 'DUO:0000007', values: ['MONDO:0005267'] },
    { code: 'DUO:0000045', values: [] },
  ],
  [
    { code: 'DUO:0000006', values: [] },
    { code: 'DUO:0000021', values: [] },
  ],
];
const REFUSES_EVERY = 5;
const DAY_MS = 86_400_000;

/**
 * One consent for each Patient of a bundle, in its order: every fifth patient refuses. Dates lie in the years before `now`, as
 * if they came from paper.
 */
export function withSyntheticConsents(
  bundle: R4Bundle,
  hospital: FhirHospital,
  policyVersion: number,
  now: Instant,
): R4Bundle {
  const patients = (bundle.entry ?? []).filter(({ resource }) => resource?.resourceType === 'Patient');
  const consents = patients.map(({ fullUrl, resource }, at) => ({
    fullUrl: `urn:consilium:synthetic-consent:${at}`,
    resource: consentBeside(fullUrl ?? `Patient/${resource?.id}`, at, hospital, policyVersion, now),
    ...(bundle.type === 'transaction' ? { request: { method: 'POST' as const, url: 'Consent' } } : {}),
  }));
  return { ...bundle, entry: [...(bundle.entry ?? []), ...consents] };
}

function consentBeside(
  patient: string,
  at: number,
  { msp }: FhirHospital,
  policyVersion: number,
  now: Instant,
): R4Consent {
  const given = (now - (30 + at) * DAY_MS) as Instant;
  const refuses = at % REFUSES_EVERY === REFUSES_EVERY - 1;
  return writeConsent(
    {
      id: null,
      status: refuses ? 'refused' : 'active',
      identifiers: [],
      patient: { reference: patient },
      scope: RESEARCH_SCOPE,
      categories: [RESEARCH_CATEGORY],
      dateTime: textOf(given),
      grantors: [{ reference: patient }],
      grantees: [],
      managers: [],
      controllers: [],
      source: null,
      policies: [{ uri: policyUri(msp, policyVersion) }],
      regulatoryBasis: [],
      verifications: [],
      decision: refuses ? 'deny' : 'permit',
      validFrom: given,
      validTo: null,
      actions: [],
      terms: refuses ? [] : (TERMS[at % TERMS.length] ?? []),
      dataClasses: [],
      evidence: null,
      effectiveFrom: null,
      labels: [SYNTHETIC],
      securityLabels: [],
      extensions: [],
    },
    '4.0',
  );
}

/** Whether a resource says of itself that it is made up. */
export function isSynthetic(resource: unknown): boolean {
  const { meta } = (isJson(resource) ? resource : {}) as Json;
  const tags = isJson(meta) && Array.isArray(meta.tag) ? meta.tag : [];
  return tags.some((tag) => isJson(tag) && tag.system === SYNTHETIC.system && tag.code === SYNTHETIC.code);
}
