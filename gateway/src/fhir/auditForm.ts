/** The form that a record of use has as AuditEvent of R4 and of R5. */
import type { FhirVersion, Json, R4AuditEvent, R5AuditEvent } from './fhirTypes.js';

/** R5's outcomes; R4's are numbers. */
const OUTCOME_SYSTEM = 'http://hl7.org/fhir/issue-severity';

/** A code of a system; the same in both versions. */
export type Code = Readonly<{ system: string; code: string; display?: string }>;

type Agent = Readonly<{ type: Code; who: Json; role?: Code; requestor: boolean }>;
export type Entity = Readonly<{ what: Json; role?: Code; details?: Readonly<Record<string, string | number>> }>;
/** What is recorded, before either version gives it its form. */
export type Recorded = Readonly<{
  id: string;
  type: Code;
  subtype: Code;
  action: 'E' | 'R' | 'C';
  recorded: string;
  succeeded: boolean;
  why: string | undefined;
  purposes: readonly Code[];
  agents: readonly Agent[];
  entities: readonly Entity[];
  patient?: Json;
  site: string;
  observer: Json;
}>;

export function writtenAudit(recorded: Recorded, version: FhirVersion): Json {
  return (version === '4.0' ? writtenR4(recorded) : writtenR5(recorded)) as unknown as Json;
}

function writtenR4(recorded: Recorded): R4AuditEvent {
  const { id, type, subtype, action, succeeded, why, purposes, agents, entities, site, observer } = recorded;
  return {
    resourceType: 'AuditEvent',
    id,
    type,
    subtype: [subtype],
    action,
    recorded: recorded.recorded,
    outcome: succeeded ? '0' : '8',
    ...(why === undefined ? {} : { outcomeDesc: why }),
    ...(purposes.length > 0 ? { purposeOfEvent: purposes.map((coding) => ({ coding: [coding] })) } : {}),
    agent: agents.map(({ type: kind, who, role, requestor }) => ({
      type: { coding: [kind] },
      ...(role ? { role: [{ coding: [role] }] } : {}),
      who,
      requestor,
    })),
    source: { site, observer },
    entity: entities.map(({ what, role, details }) => ({
      what,
      ...(role ? { role } : {}),
      ...(details
        ? { detail: Object.entries(details).map(([name, value]) => ({ type: name, valueString: String(value) })) }
        : {}),
    })),
  };
}

function writtenR5(recorded: Recorded): R5AuditEvent {
  const { id, type, subtype, action, succeeded, why, purposes, agents, entities, patient, site, observer } = recorded;
  return {
    resourceType: 'AuditEvent',
    id,
    category: [{ coding: [type] }],
    code: { coding: [subtype] },
    action,
    recorded: recorded.recorded,
    outcome: {
      code: { system: OUTCOME_SYSTEM, code: succeeded ? 'success' : 'error' },
      ...(why === undefined ? {} : { detail: [{ text: why }] }),
    },
    ...(purposes.length > 0 ? { authorization: purposes.map((coding) => ({ coding: [coding] })) } : {}),
    ...(patient ? { patient } : {}),
    agent: agents.map(({ type: kind, who, role, requestor }) => ({
      type: { coding: [kind] },
      ...(role ? { role: [{ coding: [role] }] } : {}),
      who,
      requestor,
    })),
    source: { site: { display: site }, observer },
    entity: entities.map(({ what, role, details }) => ({
      what,
      ...(role ? { role: { coding: [role] } } : {}),
      ...(details
        ? {
            detail: Object.entries(details).map(([name, value]) => ({
              type: { text: name },
              ...(typeof value === 'number' ? { valueInteger: value } : { valueString: value }),
            })),
          }
        : {}),
    })),
  };
}
