/** Formulas, markup, SQL, paths and headers in every field of an import: they are refused, or stand as the text that they are. */
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type ImportResult, JobResource } from '@consilium/client/resources';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BIOMEDICAL } from '../support/consentOnChannel.js';
import { HOSTILE } from '../support/hostileTexts.js';
import { OfficerDesk } from '../support/officerDesk.js';

/** A consent that holds, field by field, as CSV has it. */
const GOOD: Readonly<Record<string, string>> = {
  patient: 'good',
  kind: 'grant',
  reason: 'imported-from-paper',
  meaning: 'transcribed',
  terms: BIOMEDICAL,
  dataClasses: 'laboratory',
  policyVersion: '1',
  validFrom: '2020-01-01',
  validTo: '2090-01-01',
  effectiveFrom: '2020-01-01',
  evidenceSource: 'paper',
  evidenceHash: 'ab'.repeat(32),
  note: '',
};
const TEXTS = ['patient', 'note'];

let desk: OfficerDesk;
let files: string[];
beforeAll(async () => {
  desk = new OfficerDesk();
  await desk.start();
  await desk.publish();
  files = readdirSync(desk.home).sort();
});
afterAll(() => desk.stop());

async function imported(type: string, text: string): Promise<JobResource> {
  const started = await desk.as('data-steward').upload(type, text);
  for (let job = JobResource.parse(started.json); ; ) {
    if (job.state !== 'running') return job;
    await wait(10);
    job = JobResource.parse((await desk.api.get(`/jobs/${job.id}`, { as: 'data-steward' })).json);
  }
}

const csvOf = (rows: readonly Readonly<Record<string, string>>[]) =>
  [Object.keys(GOOD), ...rows.map((row) => Object.keys(GOOD).map((name) => row[name] ?? ''))]
    .map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
    .join('\n');
const patients = () => desk.hospital.store.records({ items: 200 }).total;

describe('in an upload', () => {
  test.each(Object.keys(GOOD).filter((name) => !TEXTS.includes(name)))(
    'a hostile %s is refused, told by its line, and not quoted',
    async (field) => {
      const before = patients();
      const rows = HOSTILE.map((text, k) => ({ ...GOOD, patient: `${field}-${k}`, [field]: text }));
      const result = (await imported('text/csv', csvOf(rows))).result as ImportResult;
      expect(result).toMatchObject({ lines: HOSTILE.length, recorded: 0, refused: HOSTILE.length });
      for (const text of HOSTILE) expect(JSON.stringify(result)).not.toContain(JSON.stringify(text).slice(1, -1));
      expect(patients()).toBe(before);
    },
  );

  test('a hostile patient number or note is kept as it is, and nothing else happens', async () => {
    const before = patients();
    const rows = HOSTILE.map((text) => ({ ...GOOD, patient: text, note: text }));
    expect((await imported('text/csv', csvOf(rows))).result).toMatchObject({ recorded: HOSTILE.length, refused: 0 });
    await desk.hospital.settled();
    expect(patients()).toBe(before + HOSTILE.length);
    for (const text of HOSTILE) {
      const [event, ...more] = desk.hospital.store.history({ patient: text });
      expect(more).toEqual([]);
      expect(event).toMatchObject({ note: text, state: 'committed' });
    }
    // Neither the channel nor a log has any of it.
    const public_ = JSON.stringify(desk.channel.ledger.range('', '\u007f')) + desk.hospital.lines.join('\n');
    const logged = `${public_}${JSON.stringify(desk.api.logged)}`;
    for (const text of HOSTILE) expect(logged).not.toContain(JSON.stringify(text).slice(1, -1));
  });

  test('a hostile value of a term is kept as it is', async () => {
    const orders = HOSTILE.map((text, k) => ({
      ...{ patient: `value-${k}`, kind: 'grant', reason: 'patient-asked' },
      terms: [{ code: BIOMEDICAL }, { code: 'DUO:0000026', values: [text] }],
    }));
    const ndjson = orders.map((order) => JSON.stringify(order)).join('\n');
    expect((await imported('application/x-ndjson', ndjson)).result).toMatchObject({ recorded: HOSTILE.length });
    for (const [k, text] of HOSTILE.entries())
      expect(desk.hospital.store.history({ patient: `value-${k}` })[0]?.content.terms[1]?.values).toEqual([text]);
  });

  test.each(HOSTILE)('a head of %j is none', async (text) => {
    const job = await imported('text/csv', `patient,kind,"${text.replaceAll('"', '""')}"\n1,grant,x`);
    expect(job).toMatchObject({ state: 'failed', problem: { code: 'INPUT_INVALID' } });
    expect(job.problem?.detail).not.toContain(text);
  });

  test('members that are none of an order are refused, prototypes too', async () => {
    const before = patients();
    for (const more of [
      '"__proto__": {"role": "admin"}',
      '"constructor": {}',
      '"id": "1 OR 1=1"',
      '"state": "committed"',
    ]) {
      const order = `{"patient": "proto", "kind": "grant", "reason": "patient-asked", "terms": [{"code": "${BIOMEDICAL}"}], ${more}}`;
      expect((await imported('application/x-ndjson', order)).result).toMatchObject({ recorded: 0, refused: 1 });
    }
    expect(patients()).toBe(before);
    expect(({} as { role?: string }).role).toBeUndefined();
  });

  test('no file came to be, and the store is whole', () => {
    expect(readdirSync(desk.home).sort()).toEqual(files);
    expect(desk.hospital.store.verifyReadLog().entries).toBeGreaterThanOrEqual(0);
  });
});
