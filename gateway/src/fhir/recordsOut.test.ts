/** What is answered: consents as they stand, audit events of both versions, provenance, and bundles of them. */

import type { ConsentRef } from '@consilium/domain';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { decisionEvent, disclosureEvent, readEvent, selectionEvent } from './auditEvents.js';
import { capabilityStatement } from './capability.js';
import { readConsent, writeConsent } from './consentCodec.js';
import type { FhirVersion, Json } from './fhirTypes.js';
import { fileConsent } from './operations.js';
import { bundleOf, consentOf } from './questions.js';
import { requireValidR4 } from './r4Validation.js';
import { requireValidR5 } from './r5Validation.js';
import { searchset } from './resourcesOut.js';
import { CLEVELAND, DeskInMemory, decisionList, NOW, STEWARD } from './testing/deskInMemory.js';
import { PATIENT, STATEMENT } from './testing/statements.js';

const NUMBER = PATIENT.identifier.value;
let desk: DeskInMemory;
let ref: ConsentRef;
beforeEach(async () => {
  desk = new DeskInMemory();
  const filed = JSON.parse(JSON.stringify(writeConsent(STATEMENT, '4.0'))) as Json;
  ({ ref } = await fileConsent(desk.room, filed, '4.0', STEWARD));
});

const valid = async (resource: Json, version: FhirVersion, types?: string[]) =>
  version === '4.0' ? requireValidR4(resource, types) : requireValidR5(resource, types);
const withdrawn = () => desk.record([{ patient: NUMBER, kind: 'withdraw', reason: 'patient-asked' }], STEWARD);

describe.each(['4.0', '5.0'] as const)('a record, as R%s,', (version) => {
  test('is what was filed, under our id, with its state', async () => {
    const resource = (await consentOf(desk.room, ref, version, STEWARD)) as Json;
    const statement = await readConsent(resource, version);
    expect(statement).toMatchObject({
      id: ref,
      status: 'active',
      terms: STATEMENT.terms,
      grantors: STATEMENT.grantors,
      source: STATEMENT.source,
      evidence: STATEMENT.evidence,
      validTo: STATEMENT.validTo,
    });
    expect(statement.identifiers).toContainEqual(STATEMENT.identifiers[0]);
    expect(statement.labels.map(({ code }) => code)).toEqual(['synthetic', 'waiting']);
    desk.commit();
    const later = await readConsent(await consentOf(desk.room, ref, version, STEWARD), version);
    expect(later.labels.map(({ code }) => code)).toEqual(['synthetic']);
  });

  test('is inactive once it is withdrawn, and says still what it had allowed', async () => {
    await withdrawn();
    const resource = (await consentOf(desk.room, ref, version, STEWARD)) as Json;
    expect(await readConsent(resource, version)).toMatchObject({ status: 'inactive', terms: STATEMENT.terms });
    expect(resource.meta).toMatchObject({ versionId: '1' });
  });

  test('is inactive once its validity is over', async () => {
    const { room } = desk;
    const resource = await consentOf({ ...room, now: () => STATEMENT.validTo ?? NOW }, ref, version, STEWARD);
    expect(resource).toMatchObject({ status: 'inactive' });
  });

  test('of a patient who refused is a refusal', async () => {
    await desk.record([{ patient: 'P-9', kind: 'opt-out', reason: 'patient-asked' }], STEWARD);
    const [refused] = desk.refsOf('P-9');
    const statement = await readConsent(await consentOf(desk.room, refused as ConsentRef, version, STEWARD), version);
    expect(statement).toMatchObject({ status: 'refused', decision: 'deny', terms: [] });
  });
});

describe.each(['4.0', '5.0'] as const)('audit events of R%s are valid, and say', (version) => {
  const head = decisionList(1, [], []);

  test('how many a selection allowed and the hash of its list, and no patient', async () => {
    const list = decisionList(2, [ref], []);
    const event = selectionEvent(list, CLEVELAND, version);
    await expect(valid(event, version)).resolves.toBe(event);
    const text = JSON.stringify(event);
    for (const told of [list.listHash, list.commitment.root, 'DUO:0000006', 'heart', 'withoutRecord'])
      expect(text).toContain(told);
    expect(text).not.toMatch(new RegExp(`${NUMBER}|${ref}`));
  });

  test('why one patient was left out', async () => {
    const decision = { answer: 'deny' as const, reasons: [{ code: 'PURPOSE', text: 'this disease is not named' }] };
    const event = decisionEvent(head, ref, NUMBER, decision, CLEVELAND, version);
    await expect(valid(event, version)).resolves.toBe(event);
    expect(JSON.stringify(event)).toContain('deny: this disease is not named');
    expect(JSON.stringify(event)).toContain(NUMBER);
    expect(event.outcome).toEqual(version === '4.0' ? '8' : expect.objectContaining({ code: expect.anything() }));
    expect(String(event.id).length).toBeLessThanOrEqual(64);
  });

  test('who received something, and who read', async () => {
    const by = { name: 'data-steward', role: 'data-steward' as const };
    const disclosure = {
      id: 3,
      ref,
      at: NOW,
      ...{ recipient: 'Hungary', recipientAddress: null, description: 'laboratory results' },
      purpose: 'TREAT',
      basis: 'consent',
      resource: null,
      by,
    };
    const read = { at: NOW, by, kind: 'history', ref, hash: head.listHash };
    for (const event of [
      disclosureEvent(disclosure, NUMBER, CLEVELAND, version),
      readEvent(read, ref, NUMBER, CLEVELAND, version),
    ]) {
      await expect(valid(event, version)).resolves.toBe(event);
      expect(String(event.id).length).toBeLessThanOrEqual(64);
    }
  });
});

describe('provenance', () => {
  test('names signer, role, meaning, reason, commitment, evidence, and where it stands on the channel', async () => {
    desk.commit();
    const bundle = await bundleOf(desk.room, NUMBER);
    const provenance = bundle.entry?.map(({ resource }) => resource).find((one) => one?.resourceType === 'Provenance');
    await valid(provenance as unknown as Json, '4.0');
    const text = JSON.stringify(provenance);
    const { commitment } = desk.events[0]?.input ?? {};
    const told = [
      'data-steward',
      'recorded',
      'imported-from-paper',
      commitment,
      STATEMENT.evidence?.hash,
      'ab'.repeat(32),
      '"7"',
    ];
    for (const one of told) expect(text).toContain(one);
    expect(text).not.toContain(NUMBER);
  });

  test('has no signature before the channel has it', async () => {
    const bundle = await bundleOf(desk.room, NUMBER);
    expect(JSON.stringify(bundle)).not.toContain('"signature"');
  });
});

test('a bundle of all of a patient is valid, and so is what it holds', async () => {
  desk.lists.push(decisionList(1, [ref], []));
  await withdrawn();
  desk.commit();
  const bundle = (await bundleOf(desk.room, NUMBER)) as unknown as Json;
  await expect(valid(bundle, '4.0', ['Bundle'])).resolves.toBe(bundle);
  const kinds = (bundle.entry as { resource: Json }[]).map(({ resource }) => resource.resourceType);
  expect(kinds).toEqual(['Consent', 'Provenance', 'Provenance', 'AuditEvent']);
});

test('a searchset and a capability statement are valid', async () => {
  const found = searchset('https://localhost/fhir/r4', [], 0, { self: 'Consent?patient=1' });
  await expect(valid(found, '4.0', ['Bundle'])).resolves.toBe(found);
  const statement = capabilityStatement(desk.room, '0.1.0') as unknown as Json;
  await expect(valid(statement, '4.0', ['CapabilityStatement'])).resolves.toBe(statement);
});
