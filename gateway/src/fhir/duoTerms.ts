/**
 * DUO codes as FHIR codings. Permissions stand as the purposes of a provision; modifiers as its codes. Whoever does not know
 * DUO finds no purpose and no content that matches them, and so allows less, never more.
 */
import { type ConsentTerm, DUO_TABLE, DuoCode, isPermission } from '@consilium/domain';
import type { ElementReader } from './elementReader.js';
import { type Coding, isJson, type Json } from './fhirTypes.js';
import { DUO_SYSTEM, TERM_VALUE_EXTENSION } from './systems.js';

/** Permissions, of which a consent needs one to allow anything. */
export const DUO_PERMISSIONS: readonly string[] = Object.keys(DUO_TABLE).filter(isPermission);

const TERM_VALUE_CHARACTERS_MAX = 100;

/** A term as a coding. */
export function codingOf({ code, values }: ConsentTerm): Coding {
  return {
    system: DUO_SYSTEM,
    code,
    ...(values.length > 0
      ? { extension: values.map((value) => ({ url: TERM_VALUE_EXTENSION, valueString: value })) }
      : {}),
  };
}

/** Reads a coding as a term; a problem is noted where it is none. */
export function termOf(coding: unknown, element: ElementReader, name: string): ConsentTerm | undefined {
  const { system, code, extension, version, display, userSelected, ...others } = (isJson(coding) ? coding : {}) as Json;
  if (system !== DUO_SYSTEM || !DuoCode.safeParse(code).success) {
    element.problem('not-supported', `only codes of ${DUO_SYSTEM} are understood`, name);
    return undefined;
  }
  if (Object.keys(others).length > 0) element.problem('not-supported', 'has elements that are not understood', name);
  const values = (Array.isArray(extension) ? extension : []).map(termValueIn);
  if (values.includes(undefined)) {
    element.problem(
      'not-supported',
      `the only extension here is ${TERM_VALUE_EXTENSION} with a valueString of 1 to ${TERM_VALUE_CHARACTERS_MAX} characters`,
      `${name}.extension`,
    );
    return undefined;
  }
  return { code: code as DuoCode, values: values as string[] };
}

function termValueIn(extension: unknown): string | undefined {
  const { url, valueString, ...others } = (isJson(extension) ? extension : {}) as Json;
  const isValue =
    url === TERM_VALUE_EXTENSION &&
    typeof valueString === 'string' &&
    valueString.length >= 1 &&
    valueString.length <= TERM_VALUE_CHARACTERS_MAX &&
    Object.keys(others).length === 0;
  return isValue ? valueString : undefined;
}

/** The codings inside concepts, each with the name of the place where it stands. */
export function codingsIn(concepts: readonly unknown[], name: string): Readonly<{ coding: unknown; place: string }>[] {
  return concepts.flatMap((concept, at) => {
    const { coding } = (isJson(concept) ? concept : {}) as Json;
    const codings = Array.isArray(coding) ? coding : [undefined];
    return codings.map((one: unknown, index) => ({ coding: one, place: `${name}[${at}].coding[${index}]` }));
  });
}
