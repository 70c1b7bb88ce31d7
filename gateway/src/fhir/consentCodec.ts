/** A FHIR Consent in and out, of either version, through the one model between them. */
import { refusal } from '@consilium/domain';
import { readR4, writeR4 } from './consentR4.js';
import { readR5, writeR5 } from './consentR5.js';
import type { ConsentStatement } from './consentStatement.js';
import { ElementReader } from './elementReader.js';
import { type FhirIssue, requireNone } from './fhirIssue.js';
import type { FhirVersion, R4Consent, R5Consent } from './fhirTypes.js';
import { requireValidR4 } from './r4Validation.js';
import { requireValidR5 } from './r5Validation.js';

/**
 * Validates a resource and reads what it says.
 * @throws FhirInvalid where it is not valid, or says something that would be lost
 */
export async function readConsent(resource: unknown, version: FhirVersion): Promise<ConsentStatement> {
  const valid = version === '4.0' ? await requireValidR4(resource, ['Consent']) : requireValidR5(resource, ['Consent']);
  const issues: FhirIssue[] = [];
  const element = new ElementReader(valid, 'Consent', issues);
  const statement = version === '4.0' ? readR4(element) : readR5(element);
  requireNone(issues);
  return statement;
}

export function writeConsent(statement: ConsentStatement, version: '4.0'): R4Consent;
export function writeConsent(statement: ConsentStatement, version: '5.0'): R5Consent;
/** @throws FhirInvalid where the version demands what is not there */
export function writeConsent(statement: ConsentStatement, version: FhirVersion): R4Consent | R5Consent {
  return version === '4.0' ? writeR4(statement) : writeR5(statement);
}

/**
 * The version that a caller names: `fhirVersion` of a media type, or of a query.
 * @throws ConsiliumError FHIR_VERSION_UNKNOWN
 */
export function versionNamed(text: string | undefined): FhirVersion {
  if (text === undefined || text === '4.0' || text === '4.0.1') return '4.0';
  if (text === '5.0' || text === '5.0.0') return '5.0';
  throw refusal('FHIR_VERSION_UNKNOWN', { found: 'of that number' });
}
