/** Refusals about consent: part of the catalogue of `errors.ts`. */
export const CONSENT_ERRORS = {
  PROTOCOL_CONSENT_UNSOUND: { kind: 'invalid', message: '{problem}' },
  CONSENT_POLICY_UNKNOWN: {
    kind: 'missing',
    message: '{msp} has no consent policy {version}: its compliance officer publishes one first',
  },
  CONSENT_POLICY_EXCLUDES: {
    kind: 'forbidden',
    message: 'the consent policy {version} of {msp} does not permit {what}: {reason}',
  },
  CONSENT_REQUIRED: {
    kind: 'forbidden',
    message:
      '{msp} has a consent policy, and study {study} neither asks for consent nor is of public data: propose it with "consent"',
  },
  CONSENT_COHORT_MISSING: {
    kind: 'invalid',
    message: 'study {study} asks for consent: joining takes the commitment to a cohort',
  },
  CONSENT_COHORT_UNASKED: { kind: 'invalid', message: 'study {study} does not ask for consent: join without a cohort' },
  CONSENT_EPOCH_STALE: {
    kind: 'conflict',
    message: 'epoch {committed} was committed, {current} is current: select again',
  },
  CONSENT_POLICY_STALE: {
    kind: 'conflict',
    message: 'policy version {committed} of {msp} was committed, {current} is current: select again',
  },
  CONSENT_PURPOSES_DIFFER: {
    kind: 'invalid',
    message: 'the cohort was committed for {found}, study {study} is for {expected}',
  },
  CONSENT_EVENT_OUT_OF_ORDER: {
    kind: 'conflict',
    message: 'event {seq} of a record does not follow its last one: {expected} is next. An event is never replaced',
  },
  CONSENT_EVENT_EXISTS: {
    kind: 'conflict',
    message: 'event {seq} of this record stands already with other content: it is never replaced',
  },
  CONSENT_KIND_MISPLACED: {
    kind: 'conflict',
    message: 'a {kind} cannot follow {before}: {wanted}',
  },
  CONSENT_EVENT_BACKDATED: {
    kind: 'invalid',
    message: 'a {kind} takes effect neither in the future, nor in a past that others stood in: {problem}',
  },
  CONSENT_PLACEMENT_WRONG: {
    kind: 'invalid',
    message: 'policy {version} of {msp} puts {placement} on the channel: record {wanted} instead',
  },
  CONSENT_BATCH_NOT_NEXT: { kind: 'conflict', message: 'the next batch of {msp} is {expected}, not {found}' },
  CONSENT_REPORT_NOT_NEXT: {
    kind: 'conflict',
    message: 'the next report of {msp} on study {study} is {expected}, not {found}: a report is never replaced',
  },
  CONSENT_RECORD_UNKNOWN: { kind: 'missing', message: 'no such consent record in this hospital' },
  CONSENT_RECORD_ERASED: {
    kind: 'conflict',
    message: 'this consent record was erased: a new consent starts a new record',
  },
  CONSENT_ERASURE_ON_HOLD: {
    kind: 'conflict',
    message: 'the record is not erased: {article} ({ground}) until {until}',
  },
  CONSENT_FOREIGN_RECORD: { kind: 'forbidden', message: '{msp} reads and writes its own consent records only' },
  CONSENT_STORE_LOCKED: {
    kind: 'unavailable',
    message: 'the consent store cannot be opened: {problem}',
  },
  CONSENT_STORE_BACKUP_INVALID: { kind: 'invalid', message: 'the backup cannot be restored: {problem}' },
  CONSENT_NOT_CONFIGURED: {
    kind: 'missing',
    message: 'this gateway has no consent store: name "consent" in its configuration, with a key',
  },
  CONSENT_PATIENT_UNKNOWN: { kind: 'missing', message: 'no consent of that patient is on file here' },
  CONSENT_PATIENT_COLUMN_MISSING: {
    kind: 'invalid',
    message: '{file} names no patient column: consent cannot be looked up. Name "patientColumn" in its configuration',
  },
  CONSENT_COHORT_EMPTY: {
    kind: 'forbidden',
    message: 'no patient of this hospital allows study {study}: this round is sat out',
  },
  CONSENT_COHORT_UNKNOWN: { kind: 'missing', message: 'no cohort of round {round} of study {study} is kept here' },
  CONSENT_WITHDRAWN: {
    kind: 'conflict',
    message: 'consent of the cohort of round {round} of study {study} became less: selected again, or sat out',
  },
  CONSENT_QUEUE_FULL: {
    kind: 'limit',
    message: '{waiting} consent events wait for the channel, {waitingMax} are allowed: send these later',
  },
  CONSENT_PERSON_UNKNOWN: {
    kind: 'missing',
    message: 'the gateway has no identity of {person} any more: another data steward takes over what waits',
  },
  READ_LOG_BROKEN: { kind: 'conflict', message: 'the log of reads does not hold together: {problem}' },
  PERMIT_REQUIRED: {
    kind: 'forbidden',
    message: 'study {study} rests on an EHDS permit, and {msp} has recorded none: its compliance officer does so first',
  },
  PERMIT_STANDS: {
    kind: 'conflict',
    message:
      'permit {permitId} stands for {msp} in study {study}: it is never replaced, or opt-outs would change their meaning',
  },
  EXPORT_TOO_LARGE: {
    kind: 'limit',
    message:
      'the export would hold {items} entries of one kind, {itemsMax} are allowed: nothing is left out in silence',
  },
  FHIR_INVALID: { kind: 'invalid', message: '{problems}' },
  FHIR_MEDIA_NOT_ACCEPTABLE: {
    kind: 'invalid',
    message: 'FHIR is answered as JSON alone: accept application/fhir+json',
  },
  FHIR_MEDIA_UNSUPPORTED: { kind: 'invalid', message: 'FHIR is taken as JSON alone: send application/fhir+json' },
  FHIR_INTERACTION_UNKNOWN: { kind: 'missing', message: 'no such interaction is offered: see GET /fhir/r4/metadata' },
  FHIR_VERSION_UNKNOWN: { kind: 'invalid', message: 'FHIR {found} is not spoken here: 4.0 and 5.0 are' },
  EVIDENCE_INVALID: { kind: 'invalid', message: 'the evidence does not hold: {problem}' },
} as const;
