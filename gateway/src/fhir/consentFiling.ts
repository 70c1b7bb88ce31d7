/** From what a consent says to what is recorded: the kind of the event, its terms, its times, its evidence. */
import {
  CONSENT_QUEUE_MS_MAX,
  type ConsentContent,
  type ConsentKind,
  canonicalDigest,
  type Instant,
} from '@consilium/domain';
import type { ConsentStatement } from './consentStatement.js';
import { DUO_PERMISSIONS } from './duoTerms.js';
import { FhirInvalid, type FhirIssue } from './fhirIssue.js';
import { instantAfter, instantOf } from './fhirTime.js';
import type { ConsentOrder, EventKept, EventRecorded, FhirHospital, ResourceKept } from './ports.js';
import { policyIn } from './systems.js';

/** Kinds after which a consent stands. */
const STANDING: readonly ConsentKind[] = ['grant', 'change', 'opt-in'];

export type Filing = Readonly<{
  statement: ConsentStatement;
  patient: string;
  kept: ResourceKept;
  evidence: NonNullable<ConsentContent['evidence']>;
  /** `filed`: just now, by the patient or at their word. `imported`: from records or paper. */
  how: 'filed' | 'imported';
}>;

/** The kind of the last event that holds; undefined: none. */
export function lastKind(events: readonly Pick<EventKept, 'kind' | 'state'>[]): ConsentKind | undefined {
  return events.filter(({ state }) => state !== 'refused').at(-1)?.kind;
}

export const stands = (last: ConsentKind | undefined): boolean => last !== undefined && STANDING.includes(last);

/** The newest event that was recorded from the very same resource; undefined: none was. */
export function filedAs(events: readonly EventKept[], { version, resource }: ResourceKept): EventRecorded | undefined {
  const digest = canonicalDigest(resource);
  const found = events.findLast(
    ({ fhir, state }) => state !== 'refused' && fhir?.version === version && canonicalDigest(fhir.resource) === digest,
  );
  if (!found) return undefined;
  const { ref, seq, kind, state, recordedHereAt, ledger } = found;
  const effectiveHereAt = stands(kind) ? (ledger?.recordedAt ?? null) : recordedHereAt;
  return { ref, seq, kind, state, effectiveHereAt };
}

/**
 * @param last the kind of the record's last event
 * @throws FhirInvalid where the statement cannot be recorded
 */
export function orderOf(
  filing: Filing,
  last: ConsentKind | undefined,
  hospital: FhirHospital,
  now: Instant,
): ConsentOrder {
  const { statement, patient, kept, evidence, how } = filing;
  const kind = kindOf(statement, last);
  const policyVersion = policyVersionOf(statement, hospital);
  const allows = STANDING.includes(kind);
  // What ends a consent acts from now on, whatever the resource is dated.
  const effectiveFrom = allows ? effectiveFromOf(statement, now) : undefined;
  return {
    patient,
    kind,
    reason: reasonOf(filing, effectiveFrom, now),
    meaning: how === 'imported' ? 'transcribed' : 'recorded',
    evidence,
    fhir: kept,
    ...(policyVersion === undefined ? {} : { policyVersion }),
    ...(effectiveFrom === undefined ? {} : { effectiveFrom }),
    ...(allows
      ? {
          terms: [...statement.terms],
          dataClasses: [...statement.dataClasses],
          validFrom: statement.validFrom,
          validTo: statement.validTo,
        }
      : {}),
  };
}

function kindOf({ status, decision, terms }: ConsentStatement, last: ConsentKind | undefined): ConsentKind {
  const isStanding = stands(last);
  if (status === 'active') {
    if (decision !== 'permit') throw refused('Consent.provision', 'required', 'says neither permit nor deny');
    if (!terms.some(({ code }) => DUO_PERMISSIONS.includes(code)))
      throw refused(
        'Consent.provision.purpose',
        'required',
        `names no permission of DUO (${DUO_PERMISSIONS.join(', ')}): it would allow nothing`,
      );
    return isStanding ? 'change' : 'grant';
  }
  if (status === 'refused') return isStanding ? 'withdraw' : 'opt-out';
  if (status === 'inactive' || status === 'entered-in-error') {
    if (isStanding) return 'withdraw';
    throw refused('Consent.status', 'business-rule', 'ends a consent, and none of this patient stands here');
  }
  throw refused('Consent.status', 'not-supported', 'a consent that is not in force, nor was, is not recorded');
}

function policyVersionOf({ policies }: ConsentStatement, { msp }: FhirHospital): number | undefined {
  const own = policies.flatMap(({ uri }) => (uri === undefined ? [] : (policyIn(uri) ?? [])));
  if (own.some((policy) => policy.msp !== msp))
    throw refused('Consent.policy', 'business-rule', 'is a consent to the policy of another hospital');
  const versions = [...new Set(own.map(({ version }) => version))];
  if (versions.length > 1)
    throw refused('Consent.policy', 'business-rule', "names more than one version of this hospital's policy");
  return versions[0];
}

/** Undefined: from now on. A consent that is dated today, without a time, may follow what was recorded earlier today. */
function effectiveFromOf({ effectiveFrom, dateTime }: ConsentStatement, now: Instant): Instant | undefined {
  if (effectiveFrom !== null) return effectiveFrom;
  const [from, to] = dateTime === null ? [] : [instantOf(dateTime), instantAfter(dateTime)];
  return from !== undefined && to !== undefined && from <= now && now < to ? undefined : from;
}

function reasonOf({ evidence, how, statement }: Filing, effectiveFrom: Instant | undefined, now: Instant) {
  if (statement.status === 'entered-in-error') return 'correction';
  const isOld = effectiveFrom !== undefined && now - effectiveFrom >= CONSENT_QUEUE_MS_MAX;
  if (how === 'filed' && !isOld) return 'patient-asked';
  return evidence.source === 'paper' ? 'imported-from-paper' : 'imported-from-record';
}

function refused(expression: string, code: FhirIssue['code'], text: string): FhirInvalid {
  return new FhirInvalid([{ code, expression, text }]);
}
