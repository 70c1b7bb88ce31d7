/** A record of the store as a Consent: the resource as it was filed, with what has happened to it since. */
import type { ConsentRef, Instant } from '@consilium/domain';
import { readConsent } from './consentCodec.js';
import { stands } from './consentFiling.js';
import { RESEARCH_CATEGORY, RESEARCH_SCOPE } from './consentScope.js';
import type { ConsentStatement } from './consentStatement.js';
import { textOf } from './fhirTime.js';
import type { EventKept, FhirHospital } from './ports.js';
import { LABEL_SYSTEM, policyIn, policyUri } from './systems.js';

/** Stands in `meta.tag` until the channel has the record's last event: till then a grant does not act. */
const WAITING = { system: LABEL_SYSTEM, code: 'waiting', display: 'not on the ledger yet' } as const;

export const consentSystemOf = (msp: string): string => `urn:consilium:consent:${msp}`;

export type ConsentRecord = Readonly<{
  statement: ConsentStatement;
  /** `meta.versionId`: the number of the last event. */
  version: number;
  /** `meta.lastUpdated` */
  recordedAt: Instant;
}>;

/**
 * @param events of one record, by `seq`
 * @returns undefined where no event of it holds
 */
export async function consentRecord(
  ref: ConsentRef,
  patient: string,
  events: readonly EventKept[],
  hospital: FhirHospital,
  now: Instant,
): Promise<ConsentRecord | undefined> {
  const holding = events.filter(({ state }) => state !== 'refused');
  const last = holding.at(-1);
  if (!last) return undefined;
  // What a withdrawn consent had allowed stays readable.
  const granting = holding.filter(({ kind }) => stands(kind)).at(-1);
  const { content } = granting ?? last;
  const filed = (granting ?? last).fhir;
  const asFiled = filed === null ? undefined : await readConsent(filed.resource, filed.version);
  const isOver = !stands(last.kind) || (content.validTo !== null && content.validTo <= now);
  const statement: ConsentStatement = {
    ...(asFiled ?? plainStatement(granting ?? last)),
    id: ref,
    status: granting ? (isOver ? 'inactive' : 'active') : 'refused',
    decision: granting ? 'permit' : 'deny',
    identifiers: [...(asFiled?.identifiers ?? []), { system: consentSystemOf(hospital.msp), value: ref }],
    patient: { identifier: { system: hospital.patientSystem, value: patient } },
    policies: [
      { uri: policyUri(hospital.msp, content.policyVersion) },
      ...(asFiled?.policies ?? []).filter(({ uri }) => uri === undefined || policyIn(uri) === undefined),
    ],
    terms: content.terms,
    dataClasses: content.dataClasses,
    validFrom: content.validFrom,
    validTo: content.validTo,
    evidence: content.evidence,
    effectiveFrom: content.effectiveFrom,
    labels: [...(asFiled?.labels ?? []), ...(last.state === 'waiting' ? [WAITING] : [])],
  };
  return { statement, version: last.seq, recordedAt: last.ledger?.recordedAt ?? last.recordedHereAt };
}

/** What is not known of a consent that no resource was filed with. */
function plainStatement({ content }: EventKept): ConsentStatement {
  return {
    id: null,
    status: 'active',
    identifiers: [],
    patient: {},
    scope: RESEARCH_SCOPE,
    categories: [RESEARCH_CATEGORY],
    dateTime: textOf(content.effectiveFrom),
    grantors: [],
    grantees: [],
    managers: [],
    controllers: [],
    source: null,
    policies: [],
    regulatoryBasis: [],
    verifications: [],
    decision: null,
    validFrom: null,
    validTo: null,
    actions: [],
    terms: [],
    dataClasses: [],
    evidence: null,
    effectiveFrom: null,
    labels: [],
    securityLabels: [],
    extensions: [],
  };
}
