/** What this server can do, and no more: profiles of guides are not claimed. */
import { textOf } from './fhirTime.js';
import type { R4CapabilityStatement } from './fhirTypes.js';
import type { FhirRoom } from './operations.js';

const OPERATION = 'http://hl7.org/fhir/us/consent-management/OperationDefinition';
const PATIENT_SEARCH = [
  { name: 'patient', type: 'reference' as const, documentation: 'Patient/<number>, or <system>|<number>' },
  {
    name: 'patientId',
    type: 'token' as const,
    definition: 'http://hl7.org/fhir/us/consent-management/SearchParameter/fast-consent-patientId',
  },
];

export function capabilityStatement({ hospital, now }: FhirRoom, softwareVersion: string): R4CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: textOf(now()),
    kind: 'instance',
    software: { name: 'Consilium', version: softwareVersion },
    implementation: {
      description: `Consents of ${hospital.name}: for use of patients' data in studies between hospitals`,
    },
    fhirVersion: '4.0.1',
    // Consent and AuditEvent are written as R5 too, where `fhirVersion=5.0` is asked for in the media type.
    format: ['json', 'application/fhir+json', 'application/fhir+json; fhirVersion=5.0'],
    rest: [
      {
        mode: 'server',
        security: {
          description:
            'Bearer tokens of this hospital over TLS. Data stewards and patient desks write; they, compliance officers and auditors read.',
        },
        resource: [
          {
            type: 'Consent',
            versioning: 'no-version',
            interaction: [{ code: 'read' }, { code: 'search-type' }, { code: 'create' }],
            searchParam: [...PATIENT_SEARCH, { name: 'status', type: 'token' }],
            operation: [
              { name: 'fileConsent', definition: `${OPERATION}/file-consent` },
              { name: 'revokeConsent', definition: `${OPERATION}/revoke-consent` },
            ],
          },
          {
            type: 'AuditEvent',
            versioning: 'no-version',
            interaction: [{ code: 'read' }, { code: 'search-type' }],
            searchParam: [
              ...PATIENT_SEARCH.slice(0, 1),
              {
                name: 'consent',
                type: 'reference',
                definition: 'http://hl7.org/fhir/us/consent-management/SearchParameter/fast-auditevent-consent',
              },
              { name: 'date', type: 'date', documentation: 'a day (UTC): one event for each selection of it' },
            ],
            operation: [{ name: 'recordDisclosure', definition: `${OPERATION}/record-disclosure` }],
          },
          {
            type: 'Provenance',
            versioning: 'no-version',
            interaction: [{ code: 'search-type' }],
            searchParam: [{ name: 'target', type: 'reference', documentation: 'Consent/<id>' }],
          },
        ],
      },
    ],
  };
}
