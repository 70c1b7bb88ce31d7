/** Whose consent it is: from a reference, or a Patient resource, to the hospital's own number of the patient. */
import type { FhirIssue } from './fhirIssue.js';
import { type Identifier, isJson, type Json, type R4Patient, type Reference } from './fhirTypes.js';

export const PATIENT_NUMBER_CHARACTERS_MAX = 200;
const MEDICAL_RECORD = { system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' } as const;
const LITERAL = /^(?:https?:\/\/[^\s]+\/)?Patient\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;

/** The number, or why there is none. */
export type NumberFound = Readonly<{ number: string } | { issue: FhirIssue }>;

/**
 * A reference names a patient by an identifier of the hospital's system, without a system, or marked as a medical record
 * number; else by the id of a Patient.
 */
export function numberIn(reference: Reference, patientSystem: string, expression: string): NumberFound {
  const { identifier, reference: literal = '' } = reference;
  if (identifier?.value !== undefined) {
    const { system } = identifier;
    if (system === undefined || system === patientSystem || isMedicalRecord(identifier))
      return bounded(identifier.value, `${expression}.identifier.value`);
    return missing(
      `${expression}.identifier.system`,
      `is not the system of this hospital's patients: ${patientSystem}`,
    );
  }
  const id = LITERAL.exec(literal)?.[1];
  return id === undefined ? missing(expression, 'names no patient of this hospital') : bounded(id, expression);
}

/** A Patient's number: its identifier of the hospital's system, else its medical record number, else its id. */
export function numberOf(patient: Json, patientSystem: string, expression: string): NumberFound {
  const { identifier = [], id } = patient as unknown as R4Patient;
  const own =
    identifier.find(({ system }) => system === patientSystem) ?? identifier.find((one) => isMedicalRecord(one));
  const number = own?.value ?? id;
  return number === undefined
    ? missing(`${expression}.identifier`, `has neither an identifier of ${patientSystem} nor a medical record number`)
    : bounded(number, `${expression}.identifier`);
}

function isMedicalRecord({ type }: Identifier): boolean {
  return (type?.coding ?? []).some(
    (coding) => isJson(coding) && coding.system === MEDICAL_RECORD.system && coding.code === MEDICAL_RECORD.code,
  );
}

function bounded(number: string, expression: string): NumberFound {
  const isNumber = number.length <= PATIENT_NUMBER_CHARACTERS_MAX && number.trim() === number && number !== '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
  return isNumber && !/[\u0000-\u001f\u007f]/.test(number)
    ? { number }
    : {
        issue: {
          code: 'value',
          expression,
          text: `a patient number has 1 to ${PATIENT_NUMBER_CHARACTERS_MAX} printable characters`,
        },
      };
}

function missing(expression: string, text: string): NumberFound {
  return { issue: { code: 'business-rule', expression, text } };
}
