/**
 * A receipt for each consent event, with the fields of ISO/IEC TS 27560:2023 (6.3.3 header, 6.3.4 PII processing, 6.3.5 PII
 * information, 6.3.6 parties, 6.3.7 event; 6.4.6: a receipt has an id and may repeat the record), in snake case. Names, which of
 * them are mandatory, and the values of types and states are those that the W3C Data Privacy Vocabulary group published of it:
 * "Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV", final report of 2024-08-01, section "Mappings of Terms".
 * What the hospital does not know is left out, and named in `missing_fields` where it is mandatory: nothing is made up.
 */
import { type ConsentKind, canonicalDigest, type Digest } from '@consilium/domain';
import {
  type ConsentFile,
  contactText,
  type ExportingHospital,
  type FiledEvent,
  type FiledRecord,
  timeText,
} from './consentFile.js';
import { termInWords } from './plainTerms.js';

export type ConsentReceipt = Readonly<{
  schema_version: string;
  receipt_id: Digest;
  record_id: string;
  /** The record's ref: a pseudonym that the hospital alone can resolve. */
  pii_principal_id: string;
  pii_processing: Readonly<{
    privacy_notice: string;
    language: 'en';
    purposes: readonly Readonly<{
      purpose: string;
      purpose_type: string;
      lawful_basis: string;
      pii_information: readonly Readonly<{ pii_type: string; special_pii_category: true }>[];
      pii_controllers: readonly string[];
      collection_method: string;
      processing_method: string;
      processing_locations: readonly string[];
      storage_locations: readonly string[];
      retention_period: string;
      jurisdiction?: string;
      recipient_third_parties: readonly string[];
      withdrawal_method: string;
      privacy_rights: readonly string[];
      authority_party?: string;
    }>[];
  }>;
  party_identification: readonly Readonly<{
    party_id: string;
    party_name: string;
    party_role: 'PII controller';
    party_type: 'hospital';
    party_address?: string;
    party_email?: string;
    party_phone?: string;
    party_contact?: string;
  }>[];
  event: Readonly<{
    event_time: string;
    validity_duration: string;
    entity_id: string;
    event_type: string;
    event_state: string;
  }>;
  /** Not of the standard: when the record began, and where the event can be looked up. */
  additional_metadata: Readonly<{
    record_created: string;
    ledger: Readonly<{ block: number; transaction_id: string; commitment: Digest }> | null;
    missing_fields: readonly string[];
  }>;
}>;

const SCHEMA_VERSION = 'ISO/IEC TS 27560:2023';

/** `dpv:ConsentStatus` of what each kind of event leaves behind; of what is no consent, the nearest, with its type said beside it. */
const STATE: Readonly<Record<ConsentKind, string>> = {
  grant: 'dpv:ConsentGiven',
  change: 'dpv:RenewedConsentGiven',
  withdraw: 'dpv:ConsentWithdrawn',
  expire: 'dpv:ConsentExpired',
  'opt-out': 'dpv:ConsentRefused',
  'opt-in': 'dpv:ConsentUnknown',
};

const WITHDRAWAL = 'at the patient desk of the hospital, at any time, without a reason; it acts at once';
const RIGHTS = ['access', 'rectification', 'erasure', 'restriction', 'portability', 'withdrawal of consent'];
const RECIPIENTS = ['none of records of a patient: hospitals of a study receive updates of a model trained on many'];

/** One receipt an event, oldest first; an event that the channel refused has none. */
export function consentReceipts({ hospital, records }: ConsentFile): ConsentReceipt[] {
  return records.flatMap((record) => {
    const holding = record.events.filter(({ state }) => state !== 'refused');
    return holding.map((event) => receiptOf(hospital, record, event, holding[0]?.claimedAt ?? event.claimedAt));
  });
}

function receiptOf(
  hospital: ExportingHospital,
  record: FiledRecord,
  event: FiledEvent,
  createdAt: number,
): ConsentReceipt {
  const { ref, seq, policy, ledger, commitment } = event;
  const { address, email, phone, jurisdiction } = hospital.contact;
  const contact = contactText(hospital.contact);
  const receipt = {
    schema_version: SCHEMA_VERSION,
    record_id: `${ref}-${seq}`,
    pii_principal_id: ref,
    pii_processing: {
      privacy_notice: policy
        ? `${policy.title}, version ${policy.version} (SHA-256 of its text: ${policy.textHash})`
        : 'not known here any more',
      language: 'en' as const,
      purposes: event.terms.map((term) => purposeOf(hospital, record, event, term)),
    },
    party_identification: [
      {
        party_id: hospital.msp,
        party_name: hospital.name,
        party_role: 'PII controller' as const,
        party_type: 'hospital' as const,
        ...(address === undefined ? {} : { party_address: address }),
        ...(email === undefined ? {} : { party_email: email }),
        ...(phone === undefined ? {} : { party_phone: phone }),
        ...(contact === undefined ? {} : { party_contact: contact }),
      },
    ],
    event: {
      event_time: timeText(event.effectiveFrom),
      validity_duration: validityOf(event),
      entity_id: event.actor.role ? `${event.actor.name} (${event.actor.role})` : event.actor.name,
      event_type:
        event.basis === 'ehds-permit'
          ? 'no consent: opting out of use under an EHDS data permit'
          : 'dpv:ExplicitlyExpressedConsent',
      event_state: STATE[event.kind],
    },
    additional_metadata: {
      record_created: timeText(createdAt),
      ledger: ledger && { block: ledger.block, transaction_id: ledger.transactionId, commitment },
      missing_fields: [
        ...(address === undefined ? ['party_address'] : []),
        ...(contact === undefined ? ['party_contact'] : []),
        ...(jurisdiction === undefined ? ['jurisdiction'] : []),
      ],
    },
  };
  return { ...receipt, receipt_id: canonicalDigest(receipt) };
}

function purposeOf(
  { msp, name, contact }: ExportingHospital,
  { retentionDays }: FiledRecord,
  event: FiledEvent,
  term: FiledEvent['terms'][number],
) {
  const { jurisdiction, supervisoryAuthority } = contact;
  return {
    purpose: termInWords(term),
    purpose_type: term.code,
    lawful_basis:
      event.basis === 'ehds-permit' ? 'EHDS data permit, article 68' : 'consent, GDPR article 6(1)(a) and 9(2)(a)',
    pii_information: (event.dataClasses.length > 0 ? event.dataClasses : ['all that the policy names']).map(
      (pii_type) => ({ pii_type, special_pii_category: true as const }),
    ),
    pii_controllers: [msp],
    collection_method: 'taken over from the medical record that the hospital keeps for treatment',
    processing_method: 'federated training: records stay in the hospital, updates of a model leave it',
    processing_locations: [name],
    storage_locations: [name],
    retention_period: `P${retentionDays}D after the last event of the consent record; medical records as the law of treatment says`,
    ...(jurisdiction === undefined ? {} : { jurisdiction }),
    recipient_third_parties: RECIPIENTS,
    withdrawal_method: WITHDRAWAL,
    privacy_rights: RIGHTS,
    ...(supervisoryAuthority === undefined ? {} : { authority_party: supervisoryAuthority }),
  };
}

/** ISO 8601 interval; `..` is open. */
function validityOf({ validFrom, validTo, effectiveFrom }: FiledEvent): string {
  return `${timeText(validFrom ?? effectiveFrom)}/${validTo === null ? '..' : timeText(validTo)}`;
}
