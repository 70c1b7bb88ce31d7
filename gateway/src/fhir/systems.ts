/** Names of code systems, extensions and profiles that the codecs read and write. */

/** Codes of the GA4GH Data Use Ontology, written as `DUO:0000042`. */
export const DUO_SYSTEM = 'http://purl.obolibrary.org/obo/duo.owl';
/** Kinds of data in a hospital's own words. */
export const DATA_CLASS_SYSTEM = 'urn:consilium:data-class';
/** Roles of signers, and what their signatures mean. */
export const ROLE_SYSTEM = 'urn:consilium:role';
export const MEANING_SYSTEM = 'urn:consilium:signature-meaning';
export const REASON_SYSTEM = 'urn:consilium:consent-reason';
/** A label in `meta.tag`. */
export const LABEL_SYSTEM = 'urn:consilium:label';
export const SYNTHETIC = { system: LABEL_SYSTEM, code: 'synthetic', display: 'made up: of no real patient' } as const;

export const CONSENT_SCOPE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/consentscope';
export const CONSENT_CATEGORY_SYSTEM = 'http://terminology.hl7.org/CodeSystem/consentcategorycodes';
export const CONSENT_ACTION_SYSTEM = 'http://terminology.hl7.org/CodeSystem/consentaction';
export const PARTICIPATION_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
/** Information recipient: the one role of an actor that is understood. */
export const RECIPIENT = 'IRCP';

/** What R4 cannot say, in R4; and what R5 cannot say, in R5: HL7's own names for elements of another version. */
export const r5Element = (path: string): string => `http://hl7.org/fhir/5.0/StructureDefinition/extension-${path}`;
export const r4Element = (path: string): string => `http://hl7.org/fhir/4.0/StructureDefinition/extension-${path}`;

/** Values of a DUO code: diseases, regions, dates. On the coding. */
export const TERM_VALUE_EXTENSION = 'urn:consilium:fhir:term-value';
/** Where a consent came from, and the SHA-256 of its evidence: FHIR's own `Attachment.hash` is SHA-1. */
export const EVIDENCE_EXTENSION = 'urn:consilium:fhir:evidence';
/** The instant at which a consent took effect, where it is another than its date. */
export const EFFECTIVE_EXTENSION = 'urn:consilium:fhir:effective-from';

const POLICY_URI = /^urn:consilium:policy:([A-Za-z][A-Za-z0-9.-]{0,63}):([1-9]\d{0,9})$/;

/** How a hospital's policy version is named in `policy.uri` (R4) and `policyBasis.url` (R5). */
export const policyUri = (msp: string, version: number): string => `urn:consilium:policy:${msp}:${version}`;

export function policyIn(uri: string): Readonly<{ msp: string; version: number }> | undefined {
  const [, msp, version] = POLICY_URI.exec(uri) ?? [];
  return msp === undefined ? undefined : { msp, version: Number(version) };
}
