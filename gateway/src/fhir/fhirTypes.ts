/** FHIR's own shapes, by version. A type says what a resource may look like; only validation says that one does. */
/// <reference types="fhir" />

export type FhirVersion = '4.0' | '5.0';
export type Json = Record<string, unknown>;

export type R4Consent = fhir4.Consent;
export type R5Consent = fhir5.Consent;
export type R4AuditEvent = fhir4.AuditEvent;
export type R5AuditEvent = fhir5.AuditEvent;
export type R4Provenance = fhir4.Provenance;
export type R4Bundle = fhir4.Bundle<fhir4.FhirResource>;
export type R4CapabilityStatement = fhir4.CapabilityStatement;
export type R4OperationOutcome = fhir4.OperationOutcome;
export type R4Patient = fhir4.Patient;

/** Data types that are the same in both versions as far as they are used here: carried from one to the other as they are. */
export type Reference = fhir4.Reference;
export type Identifier = fhir4.Identifier;
export type Coding = fhir4.Coding;
export type Concept = fhir4.CodeableConcept;
export type Extension = fhir4.Extension;

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
