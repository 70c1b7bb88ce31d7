/** Who recorded an event of a consent, in which role, what the signature means, and where it stands on the channel (R4). */
import type { ConsentKind } from '@consilium/domain';
import { organisation, personOf } from './auditEvents.js';
import { textOf } from './fhirTime.js';
import type { R4Provenance } from './fhirTypes.js';
import type { EventKept, FhirHospital } from './ports.js';
import { MEANING_SYSTEM, policyUri, REASON_SYSTEM, ROLE_SYSTEM } from './systems.js';

const OPERATION = 'http://terminology.hl7.org/CodeSystem/v3-DataOperation';
const ACTIVITY: Readonly<Record<ConsentKind, string>> = {
  grant: 'CREATE',
  change: 'UPDATE',
  withdraw: 'ABORT',
  expire: 'ABORT',
  'opt-out': 'ABORT',
  'opt-in': 'ACTIVATE',
};
const SIGNER = { system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: 'legal' } as const;

/**
 * The signature is the one under the transaction: an entity names it, its block, and the commitment that it put on the
 * channel.
 */
export function provenanceOf(event: EventKept, hospital: FhirHospital): R4Provenance {
  const { ref, seq, kind, content, input, recordedBy, recordedHereAt, ledger } = event;
  const who = personOf(recordedBy.name, hospital);
  const role = recordedBy.role ?? 'unknown';
  const source = (system: string, value: string) => ({
    role: 'source' as const,
    what: { identifier: { system, value } },
  });
  return {
    resourceType: 'Provenance',
    id: `${ref}-${seq}`,
    target: [{ reference: `Consent/${ref}/_history/${seq}` }],
    occurredDateTime: textOf(content.effectiveFrom),
    recorded: textOf(ledger?.recordedAt ?? recordedHereAt),
    policy: [policyUri(hospital.msp, content.policyVersion)],
    reason: [{ coding: [{ system: REASON_SYSTEM, code: input.reason }] }],
    activity: { coding: [{ system: OPERATION, code: ACTIVITY[kind] }], text: kind },
    agent: [
      {
        type: { coding: [SIGNER] },
        role: [{ coding: [{ system: ROLE_SYSTEM, code: role }] }],
        who,
        onBehalfOf: organisation(hospital),
      },
    ],
    entity: [
      source('urn:consilium:commitment', input.commitment),
      ...(content.evidence ? [source(`urn:consilium:evidence:${content.evidence.source}`, content.evidence.hash)] : []),
      ...(ledger
        ? [
            source('urn:consilium:transaction', ledger.transactionId),
            source('urn:consilium:block', String(ledger.block)),
          ]
        : []),
    ],
    ...(ledger
      ? {
          signature: [
            {
              type: [{ system: MEANING_SYSTEM, code: input.meaning }],
              when: textOf(ledger.recordedAt),
              who,
            },
          ],
        }
      : {}),
  };
}
