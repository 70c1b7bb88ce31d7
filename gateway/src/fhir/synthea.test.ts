/**
 * Real Synthea bundles, where this machine has them: CONSILIUM_DATA_DIR/fhir-synthea-r4 (Apache-2.0, of
 * smart-on-fhir/generated-sample-data). They hold no Consent: some are made beside the patients, and labelled.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { importBundle } from './bundleImport.js';
import { BUNDLE_BYTES_MAX } from './fhirLimits.js';
import type { R4Bundle, R4Patient } from './fhirTypes.js';
import { isSynthetic, withSyntheticConsents } from './syntheticConsents.js';
import { CLEVELAND, DeskInMemory, NOW, STEWARD } from './testing/deskInMemory.js';

const FOLDER = join(process.env.CONSILIUM_DATA_DIR ?? '', 'fhir-synthea-r4', 'bundles');
const files = process.env.CONSILIUM_DATA_DIR && existsSync(FOLDER) ? readdirSync(FOLDER) : [];

(files.length > 0 ? describe : describe.skip)('Synthea', () => {
  test('patients are read, everything else is passed over, and consents beside them are taken', async () => {
    const desk = new DeskInMemory();
    let passedOver = 0;
    for (const file of files) {
      const text = gunzipSync(readFileSync(join(FOLDER, file)), { maxOutputLength: BUNDLE_BYTES_MAX }).toString('utf8');
      const bundle = JSON.parse(text) as R4Bundle;
      const plain = await importBundle(desk.room, bundle, STEWARD);
      expect(plain).toMatchObject({ patients: 1, taken: [], refused: [], passedOver: (bundle.entry?.length ?? 0) - 1 });
      const report = await importBundle(desk.room, withSyntheticConsents(bundle, CLEVELAND, 2, NOW), STEWARD);
      expect(report).toMatchObject({ patients: 1, refused: [] });
      expect(report.taken).toHaveLength(1);
      passedOver += report.passedOver;
      const patient = bundle.entry?.find(({ resource }) => resource?.resourceType === 'Patient')?.resource;
      const numbers = (patient as R4Patient).identifier?.filter(({ type }) => type?.coding?.[0]?.code === 'MR');
      expect(desk.refsOf(numbers?.[0]?.value ?? '')).toHaveLength(1);
    }
    expect(desk.events).toHaveLength(files.length);
    expect(desk.events.every(({ fhir, content }) => isSynthetic(fhir?.resource) && content.effectiveFrom < NOW)).toBe(
      true,
    );
    expect(passedOver).toBeGreaterThan(1_000);
  });
});
