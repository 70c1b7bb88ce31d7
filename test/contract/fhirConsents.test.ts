/** FHIR over the real consent store and the real contract: what is filed stands on the channel, and comes out as it went in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instant } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { importBundle } from '../../gateway/src/fhir/bundleImport.js';
import { readConsent, writeConsent } from '../../gateway/src/fhir/consentCodec.js';
import type { Json, R4Bundle } from '../../gateway/src/fhir/fhirTypes.js';
import {
  type FhirRoom,
  fileConsentOperation,
  recordDisclosureOperation,
  revokeConsentOperation,
} from '../../gateway/src/fhir/operations.js';
import { patientSystemOf } from '../../gateway/src/fhir/ports.js';
import { auditEventsOf, bundleOf, consentsOf } from '../../gateway/src/fhir/questions.js';
import { requireValidR4 } from '../../gateway/src/fhir/r4Validation.js';
import { withSyntheticConsents } from '../../gateway/src/fhir/syntheticConsents.js';
import { policyUri } from '../../gateway/src/fhir/systems.js';
import { STATEMENT } from '../../gateway/src/fhir/testing/statements.js';
import { ConsentHospital, DESK, OFFICER, OWN, STEWARD } from '../support/consentHospital.js';
import { withPolicy } from '../support/consentOnChannel.js';

let home: string;
let hospital: ConsentHospital;
let room: FhirRoom;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'fhir-consents-'));
  const channel = await withPolicy();
  hospital = new ConsentHospital(channel, home);
  hospital.store.start();
  room = {
    desk: hospital.store,
    hospital: { msp: OWN, name: 'Own', patientSystem: patientSystemOf(OWN) },
    now: () => channel.now as Instant,
  };
});
afterEach(async () => {
  await hospital.close();
  rmSync(home, { recursive: true, force: true });
});

const PATIENT = { identifier: { system: patientSystemOf(OWN), value: 'P-1' } };
const settled = () => hospital.settled();
const consent = (given = new Date(room.now() - 86_400_000).toISOString()): Json => {
  const statement = {
    ...STATEMENT,
    patient: PATIENT,
    policies: [{ uri: policyUri(OWN, 1) }],
    dateTime: given,
    effectiveFrom: null,
    evidence: null,
    validFrom: null,
    validTo: (room.now() + 86_400_000) as Instant,
  };
  return JSON.parse(JSON.stringify(writeConsent(statement, '4.0'))) as Json;
};
const filing = (given?: string): Json => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'consent', resource: consent(given) },
    {
      name: 'document',
      resource: {
        resourceType: 'DocumentReference',
        status: 'current',
        content: [{ attachment: { contentType: 'text/plain', data: Buffer.from('I agree').toString('base64') } }],
      },
    },
  ],
});
const revoking = (ref: string): Json => ({
  resourceType: 'Parameters',
  parameter: [
    { name: 'consent', valueReference: { reference: `Consent/${ref}` } },
    { name: 'patient', valueReference: PATIENT },
  ],
});

describe('a consent that is filed', () => {
  test('reaches the channel, and is read as it was filed, by version', async () => {
    const { ref } = await fileConsentOperation(room, filing(), DESK);
    await settled();
    for (const version of ['4.0', '5.0'] as const) {
      const [resource] = await consentsOf(room, 'P-1', version, OFFICER);
      const statement = await readConsent(resource, version);
      expect(statement).toMatchObject({ id: ref, status: 'active', terms: STATEMENT.terms, source: STATEMENT.source });
      expect(statement.evidence?.source).toBe('electronic');
      expect(statement.labels.map(({ code }) => code)).not.toContain('waiting');
    }
    expect(hospital.mirror.range(`consent~${OWN}~`, `consent~${OWN}~~`)).toHaveLength(1);
  });

  test('is revoked here at once, with the channel down, and then on it', async () => {
    const { ref } = await fileConsentOperation(room, filing(), DESK);
    await settled();
    hospital.reachable = false;
    const { event } = await revokeConsentOperation(room, revoking(ref), DESK);
    expect(event).toMatchObject({ kind: 'withdraw', state: 'waiting', effectiveHereAt: expect.any(Number) });
    expect((await consentsOf(room, 'P-1', '4.0', OFFICER))[0]).toMatchObject({ status: 'inactive' });
    expect(await revokeConsentOperation(room, revoking(ref), DESK)).toEqual({ ref, event: undefined });
  });

  test('is filed anew as a change, and after its end as a grant', async () => {
    const { ref } = await fileConsentOperation(room, filing(), DESK);
    await settled();
    // A day, not a time: it may follow what was recorded earlier on that day.
    const today = filing(new Date(room.now()).toISOString().slice(0, 10));
    expect(await fileConsentOperation(room, today, DESK)).toMatchObject({ ref, seq: 1, kind: 'change' });
    await settled();
    await revokeConsentOperation(room, revoking(ref), DESK);
    await settled();
    expect(await fileConsentOperation(room, today, DESK)).toMatchObject({ ref, seq: 3, kind: 'grant' });
  });

  test('answers who received, who consulted, and gives all in one valid bundle', async () => {
    const { ref } = await fileConsentOperation(room, filing(), DESK);
    await settled();
    const disclosure = {
      resourceType: 'AuditEvent',
      type: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110106' },
      recorded: new Date(room.now()).toISOString(),
      agent: [{ who: { display: 'Another hospital' }, requestor: true }],
      source: { observer: { display: 'gateway' } },
    };
    const parameter = [
      { name: 'disclosure', resource: disclosure },
      { name: 'consent', valueReference: { reference: `Consent/${ref}` } },
    ];
    const { id } = await recordDisclosureOperation(room, { resourceType: 'Parameters', parameter }, STEWARD);
    await consentsOf(room, 'P-1', '4.0', OFFICER);
    const events = auditEventsOf(room, [ref], '4.0', OFFICER);
    expect(events.map(({ id: name }) => String(name).split('-')[0])).toEqual(
      expect.arrayContaining(['disclosure', 'read']),
    );
    expect(events).toContainEqual(expect.objectContaining({ ...disclosure, id: `disclosure-${id}-${ref}` }));
    const bundle = (await bundleOf(room, 'P-1')) as unknown as Json;
    await expect(requireValidR4(bundle, ['Bundle'])).resolves.toBe(bundle);
  });
});

test('a bundle of patients with consents beside them is imported onto the channel', async () => {
  const patients = Array.from({ length: 20 }, (_, at) => ({
    fullUrl: `urn:uuid:p${at}`,
    resource: { resourceType: 'Patient', id: `p${at}`, identifier: [{ ...PATIENT.identifier, value: `N-${at}` }] },
  }));
  const bundle = { resourceType: 'Bundle', type: 'collection', entry: patients } as unknown as R4Bundle;
  const made = JSON.parse(JSON.stringify(withSyntheticConsents(bundle, room.hospital, 1, room.now()))) as Json;
  const report = await importBundle(room, made, STEWARD);
  expect(report).toMatchObject({ entries: 40, patients: 20, refused: [], passedOver: 0 });
  expect(report.taken).toHaveLength(20);
  await settled();
  expect(hospital.mirror.range(`consent~${OWN}~`, `consent~${OWN}~~`)).toHaveLength(20);
  expect(hospital.lines.join('\n')).not.toMatch(/N-\d/);
});
