/** What is written at the officer's desk and the patient desk, over HTTPS, to a real store over the real contract. */
import { setTimeout as wait } from 'node:timers/promises';
import {
  BackupMade,
  ErasureReceipt,
  type ImportResult,
  JobResource,
  RecordingResource,
  RestoreReport,
} from '@consilium/client/resources';
import { LegalHold, ledgerKey, Tombstone } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OWN } from '../support/consentHospital.js';
import { BIOMEDICAL } from '../support/consentOnChannel.js';
import { OfficerDesk } from '../support/officerDesk.js';

let desk: OfficerDesk;
beforeEach(async () => {
  desk = new OfficerDesk();
  await desk.start();
  await desk.publish();
});
afterEach(() => desk.stop());

const officer = () => desk.as('compliance-officer');
const steward = () => desk.as('data-steward');
const grant = { kind: 'grant', reason: 'patient-asked', terms: [{ code: BIOMEDICAL }] };
const eventsOnLedger = () => desk.channel.ledger.range(`consent~${OWN}~`, `consent~${OWN}~\u007f`).length;

describe('recording', () => {
  test('answers at once, or with the place on the ledger', async () => {
    const orders = ['1', '2'].map((patient) => ({ ...grant, patient }));
    const waiting = await steward().post('/consents/events', { orders });
    expect(waiting.status).toBe(202);
    expect(RecordingResource.parse(waiting.json).events).toMatchObject([
      { effectiveHereAt: null },
      { effectiveHereAt: null },
    ]);
    await desk.hospital.settled();
    const done = await desk
      .as('patient-desk')
      .post('/consents/events?wait=commit', { orders: [{ ...grant, patient: '3' }] });
    expect(done.status).toBe(201);
    const [event] = RecordingResource.parse(done.json).events;
    expect(event).toMatchObject({
      state: 'committed',
      ledger: { block: expect.any(Number), transactionId: expect.any(String) },
    });
    expect(event?.effectiveHereAt).toBe(event?.ledger?.recordedAt);
    expect(eventsOnLedger()).toBe(3);
  });

  test.each([
    ['a grant that is of the far future', [{ ...grant, patient: '1', effectiveFrom: 4e15 }]],
    ['a kind that is none', [{ ...grant, patient: '1', kind: 'renew' }]],
    ['a patient without a number', [{ ...grant, patient: '' }]],
    ['a code that is none', [{ ...grant, patient: '1', terms: [{ code: "'; DROP TABLE event; --" }] }]],
    ['a member too many', [{ ...grant, patient: '1', effective: 1 }]],
    [
      'one bad order among good ones',
      [
        { ...grant, patient: '1' },
        { ...grant, patient: '2', kind: 'withdraw' },
      ],
    ],
    ['a policy that was never published', [{ ...grant, patient: '1', policyVersion: 9 }]],
  ])('%s refuses all, and nothing is written', async (_, orders) => {
    const reply = await steward().post('/consents/events', { orders });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
    expect(desk.hospital.store.records({ items: 9 }).total).toBe(0);
    expect(eventsOnLedger()).toBe(0);
  });
});

describe('an upload', () => {
  const finished = async (reply: { status: number; json: unknown }): Promise<JobResource> => {
    expect(reply.status).toBe(202);
    for (let job = JobResource.parse(reply.json); ; ) {
      if (job.state !== 'running') return job;
      await wait(10);
      job = JobResource.parse((await desk.api.get(`/jobs/${job.id}`, { as: 'data-steward' })).json);
    }
  };
  const resultOf = async (type: string, text: string) =>
    (await finished(await steward().upload(type, text))).result as ImportResult;
  const HEAD = 'patient,kind,reason,terms,effectiveFrom,note';

  test('of CSV, NDJSON and JSON is recorded as a job', async () => {
    const csv = `\uFEFF${HEAD}\r\n1,grant,imported-from-paper,DUO:0000042; DUO:0000007=MONDO:0004994|MONDO:1,2020-05-01,"a ""note"", of\ntwo lines"\r\n\r\n2,grant,imported-from-record,DUO:0000006,1588291200000,\r\n`;
    expect(await resultOf('text/csv; charset=utf-8', csv)).toMatchObject({ lines: 2, recorded: 2, refused: 0 });
    const [event] = desk.hospital.store.history({ patient: '1' });
    expect(event).toMatchObject({
      note: 'a "note", of\ntwo lines',
      content: {
        effectiveFrom: Date.UTC(2020, 4, 1),
        terms: [
          { code: 'DUO:0000042', values: [] },
          { code: 'DUO:0000007', values: ['MONDO:0004994', 'MONDO:1'] },
        ],
      },
    });
    const lines = ['3', '4'].map((patient) => JSON.stringify({ ...grant, patient })).join('\n');
    expect(await resultOf('application/x-ndjson', lines)).toMatchObject({ lines: 2, recorded: 2 });
    expect(await resultOf('application/json', JSON.stringify([{ ...grant, patient: '5' }]))).toMatchObject({
      recorded: 1,
    });
    await desk.hospital.settled();
    expect(eventsOnLedger()).toBe(5);
  });

  test('of more than one turn goes through, and again records nothing twice', async () => {
    const rows = Array.from({ length: 1_200 }, (_, n) => `p${n},grant,imported-from-record,DUO:0000006,2020-05-01,`);
    const csv = [HEAD, ...rows].join('\n');
    expect(await resultOf('text/csv', csv)).toMatchObject({ lines: 1_200, recorded: 1_200, refused: 0 });
    await resultOf('text/csv', csv);
    await desk.hospital.settled();
    expect(eventsOnLedger()).toBe(1_200);
  });

  test('with a line that is no order is refused whole, told by line, without a word of what stands in it', async () => {
    const csv = `${HEAD}\n1,grant,patient-asked,DUO:0000042,,\nsecret-7,renew,patient-asked,DUO:0000042,,\n2,grant,patient-asked,=1+1,,`;
    const result = await resultOf('text/csv', csv);
    expect(result).toMatchObject({ lines: 3, recorded: 0, refused: 2, refusals: [{ line: 3 }, { line: 4 }] });
    expect(JSON.stringify(result)).not.toContain('secret-7');
    expect(desk.hospital.store.records({ items: 9 }).total).toBe(0);
  });

  test('with an order that the store refuses records the others, and tells which it was', async () => {
    const csv = `${HEAD}\n1,grant,patient-asked,DUO:0000042,,\n2,withdraw,patient-asked,,,\n3,grant,patient-asked,DUO:0000042,,`;
    expect(await resultOf('text/csv', csv)).toMatchObject({
      recorded: 2,
      refused: 1,
      refusals: [{ line: 3, code: 'CONSENT_PATIENT_UNKNOWN' }],
    });
  });

  test.each([
    ['text/csv', 'name,kind\n1,grant', 'line 1'],
    ['text/csv', 'patient,kind\n"unclosed,grant', 'CSV, line'],
    ['text/csv', 'patient,kind\n1,grant,too,many', 'CSV, line'],
    ['application/json', '{"orders": []}', 'a JSON array'],
  ])('%s %j as a whole is refused by its job', async (type, text, says) => {
    const job = await finished(await steward().upload(type, text));
    expect(job).toMatchObject({ state: 'failed', problem: { code: 'INPUT_INVALID' } });
    expect(job.problem?.detail).toContain(says);
  });

  test('of another type, of nothing, or too large is refused at once', async () => {
    expect((await steward().upload('application/xml', '<a/>')).json).toMatchObject({ code: 'INPUT_INVALID' });
    expect((await steward().upload('text/csv', '')).json).toMatchObject({ code: 'INPUT_INVALID' });
    const large = await steward()
      .upload('text/csv', 'x'.repeat(33 * 1024 * 1024))
      .catch(() => undefined);
    expect(large === undefined || large.json.code === 'BODY_TOO_LARGE').toBe(true);
  });

  test('is cancelled between turns: what was recorded stands', async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => `p${n},grant,imported-from-record,DUO:0000006,2020-05-01,`);
    const job = JobResource.parse((await steward().upload('text/csv', [HEAD, ...rows].join('\n'))).json);
    const cancelled = await desk.api.ask('DELETE', `/jobs/${job.id}`, { as: 'data-steward' });
    expect(cancelled.json).toMatchObject({ state: 'cancelled' });
    await wait(50);
    const { total } = desk.hospital.store.records({ items: 1 });
    await wait(200);
    expect(total).toBeLessThan(20_000);
    expect(desk.hospital.store.records({ items: 1 }).total).toBe(total);
  });
});

describe('erasure', () => {
  const body = { ground: 'gdpr-17-1-b', reason: 'withdrew and asked for it' };

  test('is refused with the article while a hold stands, and issues a receipt afterwards', async () => {
    const [ref = ''] = await desk.grant('1');
    const held = await officer().post(`/consents/records/${ref}/holds?wait=commit`, {
      ground: 'gdpr-17-3-e',
      reason: 'claim 12 of 2026',
    });
    expect(held).toMatchObject({ status: 201, json: { record: { stands: true, ground: 'gdpr-17-3-e' } } });
    const refused = await officer().post(`/consents/records/${ref}/erasure`, body);
    expect(refused).toMatchObject({ status: 409, json: { code: 'CONSENT_ERASURE_ON_HOLD' } });
    expect(refused.json.detail).toMatch(/17\(3\)\(e\)|gdpr-17-3-e/);
    expect(desk.hospital.store.patientOf(ref as never)).toBe('1');

    await officer().post(`/consents/records/${ref}/holds?wait=commit`, {
      ...{ stands: false, ground: 'gdpr-17-3-e', reason: 'settled' },
    });
    expect(LegalHold.parse(desk.mirror.get(ledgerKey.hold(OWN, ref as never)))).toMatchObject({ stands: false });
    const receipt = ErasureReceipt.parse((await officer().post(`/consents/records/${ref}/erasure`, body)).json);
    expect(receipt).toMatchObject({ ref, ground: 'gdpr-17-1-b', askedBy: 'compliance-officer' });
    await desk.hospital.settled();
    const done = ErasureReceipt.parse((await officer().get(`/consents/records/${ref}/erasure`)).json);
    expect(done).toMatchObject({ state: 'done', receiptHash: receipt.receiptHash, id: receipt.id });
    expect(Tombstone.parse(desk.mirror.get(ledgerKey.tombstone(OWN, ref as never)))).toMatchObject({
      receiptHash: receipt.receiptHash,
    });
    const found = await officer().post('/consents/records/searches', { patient: '1' });
    expect(found.json).toMatchObject({ total: 0 });
    expect((await officer().get(`/consents/records/${ref}`)).json).toMatchObject({
      ...{ patient: null, live: false, erasure: { state: 'done' } },
    });
    expect((await officer().get(`/consents/records/${ref}/page`)).json).toMatchObject({
      code: 'CONSENT_RECORD_UNKNOWN',
    });
  });

  test.each([
    ['without a reason', { ground: 'gdpr-17-1-b', reason: '' }],
    ['on a ground that forbids it', { ground: 'gdpr-17-9-z', reason: 'x' }],
  ])('%s is refused', async (_, bad) => {
    const [ref] = await desk.grant('1');
    expect((await officer().post(`/consents/records/${ref}/erasure`, bad)).status).toBe(400);
    expect(desk.hospital.store.refsOf('1')).toHaveLength(1);
  });
});

describe('the store', () => {
  const admin = () => desk.as('admin');

  test('is backed up and restored by name, and a name that is a path is none', async () => {
    await desk.grant('1');
    const made = BackupMade.parse((await admin().post('/consents/backups')).json);
    expect((await admin().get('/consents/backups')).json.items).toMatchObject([{ name: made.name, bytes: made.bytes }]);
    const report = RestoreReport.parse((await admin().post('/consents/restores', { name: made.name })).json);
    expect(report).toMatchObject({ records: 0, events: 0, alreadyHere: expect.any(Number) });
    for (const name of ['../../etc/passwd', '/etc/passwd', '..', 'a\0b'])
      expect((await admin().post('/consents/restores', { name })).status).toBe(400);
    expect((await admin().post('/consents/restores', { name: made.name, key: '22'.repeat(32) })).json).toMatchObject({
      code: 'CONSENT_STORE_BACKUP_INVALID',
    });
  });

  test('takes no key that is none, and says nothing of one', async () => {
    const key = `${'33'.repeat(31)}zz`;
    const reply = await admin().post('/consents/key-rotations', { key });
    expect(reply.status).toBe(400);
    expect(reply.text).not.toContain('33');
    expect(JSON.stringify(desk.api.logged)).not.toContain('3333');
  });
});
