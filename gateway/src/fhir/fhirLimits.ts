/** How much FHIR the gateway takes in at one time. */

/** A single resource: a Consent with a scanned form inside. */
export const RESOURCE_BYTES_MAX = 1024 * 1024;
/** A Bundle as it stands in memory, decompressed. */
export const BUNDLE_BYTES_MAX = 64 * 1024 * 1024;
export const BUNDLE_ENTRIES_MAX = 100_000;
/** Nesting of objects and lists in one resource. FHIR itself has no limit; the deepest real one here has 14. */
export const RESOURCE_DEPTH_MAX = 32;
/** Problems of one resource that are told. */
export const ISSUES_TOLD_MAX = 20;
/** Entries of a Bundle that were refused and are told one by one. */
export const REFUSALS_TOLD_MAX = 1_000;
/** Resources in one searchset. */
export const SEARCH_RESULTS_MAX = 200;
/** AuditEvents of one kind that are gathered about one record. */
export const AUDIT_EVENTS_OF_PATIENT_MAX = 10_000;
