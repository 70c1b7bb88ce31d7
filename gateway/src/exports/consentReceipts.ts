/**
 * A receipt for each consent event, in the structure of ISO/IEC TS 27560:2023 (6.3: record header, PII processing, party
 * identification, event): its names, in snake case. What the hospital does not know is left out, not made up.
 */
import { type ConsentKind, canonicalDigest, type Digest } from '@consilium/domain';
import type { ConsentFile, ExportingHospital, FiledEvent } from './consentFile.js';
import { timeText } from './consentFile.js';
import { termInWords } from './plainTerms.js';

export type ConsentReceipt = Readonly<{
  schema_version: string;
  record_id: string;
  /** The record's ref: a pseudonym that the hospital alone can resolve. */
  pii_principal_id: string;
  record_creation_time: string;
  receipt_id: Digest;
  pii_processing: Readonly<{
    privacy_notice: string;
    language: 'en';
    purposes: readonly Readonly<{
      purpose: string;
      purpose_type: string;
      lawful_basis: string;
      pii_information: readonly Readonly<{ pii_type: string; sensitive_pii_category: true }>[];
      pii_controllers: readonly string[];
      processing_method: string;
      storage_locations: readonly string[];
      withdrawal_method: string;
      privacy_rights: readonly string[];
    }>[];
  }>;
  party_identification: readonly Readonly<{
    party_id: string;
    party_name: string;
    party_role: 'PII controller';
    party_type: 'hospital';
  }>[];
  event: Readonly<{
    event_time: string;
    validity_duration: string;
    entity_id: string;
    event_type: string;
    event_state: string;
    /** Where the event can be looked up: not of the standard. */
    ledger: Readonly<{ block: number; transaction_id: string; commitment: Digest }> | null;
  }>;
}>;

const SCHEMA_VERSION = 'ISO/IEC TS 27560:2023';

/** The standard's event states of what each kind of event leaves behind. */
const STATE: Readonly<Record<ConsentKind, string>> = {
  grant: 'consent_given',
  change: 'consent_given',
  withdraw: 'consent_withdrawn',
  expire: 'consent_expired',
  'opt-out': 'consent_refused',
  'opt-in': 'consent_refusal_withdrawn',
};

const WITHDRAWAL = 'at the patient desk of the hospital, at any time, without a reason; it acts at once';
const RIGHTS = ['access', 'rectification', 'erasure', 'restriction', 'portability', 'withdrawal of consent'];

/** One receipt an event, oldest first; an event that the channel refused has none. */
export function consentReceipts({ hospital, records }: ConsentFile): ConsentReceipt[] {
  return records.flatMap(({ events }) => {
    const holding = events.filter(({ state }) => state !== 'refused');
    return holding.map((event) => receiptOf(hospital, event, holding[0]?.claimedAt ?? event.claimedAt));
  });
}

function receiptOf(hospital: ExportingHospital, event: FiledEvent, createdAt: number): ConsentReceipt {
  const { ref, seq, policy, ledger, commitment } = event;
  const receipt = {
    schema_version: SCHEMA_VERSION,
    record_id: `${ref}-${seq}`,
    pii_principal_id: ref,
    record_creation_time: timeText(createdAt),
    pii_processing: {
      privacy_notice: policy
        ? `${policy.title}, version ${policy.version} (SHA-256 of its text: ${policy.textHash})`
        : 'not known here any more',
      language: 'en' as const,
      purposes: event.terms.map((term) => purposeOf(hospital, event, term)),
    },
    party_identification: [
      {
        party_id: hospital.msp,
        party_name: hospital.name,
        party_role: 'PII controller' as const,
        party_type: 'hospital' as const,
      },
    ],
    event: {
      event_time: timeText(event.effectiveFrom),
      validity_duration: validityOf(event),
      entity_id: event.actor.role ? `${event.actor.name} (${event.actor.role})` : event.actor.name,
      event_type: event.basis === 'ehds-permit' ? 'opt_out_of_permitted_use' : 'explicit_consent',
      event_state: STATE[event.kind],
      ledger: ledger && { block: ledger.block, transaction_id: ledger.transactionId, commitment },
    },
  };
  return { ...receipt, receipt_id: canonicalDigest(receipt) };
}

function purposeOf(hospital: ExportingHospital, event: FiledEvent, term: FiledEvent['terms'][number]) {
  return {
    purpose: termInWords(term),
    purpose_type: term.code,
    lawful_basis:
      event.basis === 'ehds-permit' ? 'EHDS data permit, article 68' : 'consent, GDPR article 6(1)(a) and 9(2)(a)',
    pii_information: (event.dataClasses.length > 0 ? event.dataClasses : ['all that the policy names']).map(
      (pii_type) => ({
        pii_type,
        sensitive_pii_category: true as const,
      }),
    ),
    pii_controllers: [hospital.msp],
    processing_method: 'federated training: records stay in the hospital, updates of a model leave it',
    storage_locations: [hospital.name],
    withdrawal_method: WITHDRAWAL,
    privacy_rights: RIGHTS,
  };
}

/** ISO 8601 interval; `..` is open. */
function validityOf({ validFrom, validTo, effectiveFrom }: FiledEvent): string {
  return `${timeText(validFrom ?? effectiveFrom)}/${validTo === null ? '..' : timeText(validTo)}`;
}
