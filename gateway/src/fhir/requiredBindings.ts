/** Codes where R4 demands one of a value set: the validator does not look at them. */
import { type getDataType, tryGetDataType } from '@medplum/core';
import type { FhirIssue } from './fhirIssue.js';
import { isJson, type Json } from './fhirTypes.js';
import type { ValueSets } from './valueSets.js';

type Element = ReturnType<typeof getDataType>['elements'][string];

/** Problems with the codes of a resource that the validator found well formed. */
export function bindingIssues(resource: Json, type: string, valueSets: ValueSets): FhirIssue[] {
  return issuesOf(resource, type, type, valueSets);
}

function issuesOf(value: Json, type: string, path: string, valueSets: ValueSets): FhirIssue[] {
  const elements = tryGetDataType(type)?.elements ?? {};
  return Object.entries(elements).flatMap(([name, element]) =>
    placesOf(value, name, element).flatMap(({ item, itemType, place }) => {
      const { binding } = element;
      const wrong =
        binding?.strength === 'required' &&
        binding.valueSet !== undefined &&
        isOutside(item, binding.valueSet, valueSets);
      if (wrong)
        return [{ code: 'code-invalid', expression: `${path}.${place}`, text: `is no code of ${binding.valueSet}` }];
      // A resource inside another is validated on its own.
      return isJson(item) && itemType !== 'Resource' ? issuesOf(item, itemType, `${path}.${place}`, valueSets) : [];
    }),
  ) as FhirIssue[];
}

/** Each value of an element, with its type: `value[x]` stands as `valueCode`, `valueCoding` and so on. */
function placesOf(value: Json, name: string, { type }: Element) {
  const names = name.endsWith('[x]')
    ? type.map(({ code }) => ({ member: name.slice(0, -3) + code[0]?.toUpperCase() + code.slice(1), itemType: code }))
    : [{ member: name, itemType: type[0]?.code ?? '' }];
  return names.flatMap(({ member, itemType }) => {
    const found = value[member];
    if (Array.isArray(found)) return found.map((item: unknown, at) => ({ item, itemType, place: `${member}[${at}]` }));
    return found === undefined ? [] : [{ item: found, itemType, place: member }];
  });
}

/** A code, a Coding, or a CodeableConcept none of whose codings is in the set. */
function isOutside(item: unknown, valueSet: string, valueSets: ValueSets): boolean {
  if (typeof item === 'string') return !valueSets.allows(valueSet, undefined, item);
  if (!isJson(item)) return false;
  const codings = Array.isArray(item.coding) ? (item.coding as unknown[]) : [item];
  return !codings.some(
    (coding) =>
      isJson(coding) &&
      typeof coding.code === 'string' &&
      valueSets.allows(valueSet, typeof coding.system === 'string' ? coding.system : '', coding.code),
  );
}
