/** Which record a reference to a Consent means: by our id, or by an identifier that it was filed with. */
import { ConsentRef } from '@consilium/domain';
import { consentSystemOf } from './consentRecord.js';
import { isJson, type Json, type Reference } from './fhirTypes.js';
import type { FhirDesk, FhirHospital } from './ports.js';

const LITERAL = /^(?:https?:\/\/[^\s]+\/)?Consent\/([A-Za-z0-9.-]{1,64})(?:\/_history\/\d{1,10})?$/;

/** The record that a reference names by itself: `Consent/<id>`, or an identifier of ours. */
export function refNamed({ reference, identifier }: Reference, { msp }: FhirHospital): ConsentRef | undefined {
  const named = identifier?.system === consentSystemOf(msp) ? identifier.value : LITERAL.exec(reference ?? '')?.[1];
  const parsed = ConsentRef.safeParse(named);
  return parsed.success ? parsed.data : undefined;
}

/** The record of a patient that a reference names, also by an identifier that the consent was filed with. */
export function refOfPatient(
  reference: Reference,
  patient: string,
  hospital: FhirHospital,
  desk: Pick<FhirDesk, 'refsOf' | 'history'>,
): ConsentRef | undefined {
  const refs = desk.refsOf(patient);
  const named = refNamed(reference, hospital);
  if (named !== undefined) return refs.find((ref) => ref === named);
  const { system, value } = reference.identifier ?? {};
  if (value === undefined) return undefined;
  return refs.find((ref) =>
    desk
      .history({ ref })
      .some(({ fhir }) => identifiersIn(fhir?.resource).some((one) => one.system === system && one.value === value)),
  );
}

function identifiersIn(resource: unknown): Json[] {
  const { identifier } = (isJson(resource) ? resource : {}) as Json;
  return (Array.isArray(identifier) ? identifier : []).filter(isJson);
}
