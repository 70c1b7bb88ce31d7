import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsentRef, ledgerKey } from '@consilium/domain';
import { openDatabase } from '@consilium/sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConsentHospital, OFFICER, OWN } from '../support/consentHospital.js';
import { ContractChannel } from '../support/contractChannel.js';

const DAY_MS = 86_400_000;
const REF = 'ab'.repeat(16) as ConsentRef;

let home: string;
let hospital: ConsentHospital;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'consent-'));
  hospital = new ConsentHospital(new ContractChannel(), home);
});
afterEach(async () => {
  await hospital.close();
  rmSync(home, { recursive: true, force: true });
});

/** Three reads on each of two days. */
function readOnTwoDays(): void {
  for (let k = 0; k < 6; k += 1) {
    if (k === 3) hospital.channel.now += DAY_MS;
    hospital.store.logRead({ by: OFFICER, kind: 'history', ref: k % 2 === 0 ? REF : undefined, query: `read ${k}` });
  }
}
function change(sql: string): void {
  const database = openDatabase(join(home, 'consent.db'));
  database.exec(sql);
  database.close();
}

describe('the log of reads', () => {
  test('tells who read what, page by page, by patient and by time', () => {
    readOnTwoDays();
    const first = hospital.store.reads({ items: 4 });
    const rest = hospital.store.reads({ items: 4, cursor: first.cursor as string });
    expect([...first.items, ...rest.items].map(({ query }) => query)).toEqual(
      [0, 1, 2, 3, 4, 5].map((k) => `read ${k}`),
    );
    expect([first.total, rest.cursor]).toEqual([6, null]);
    for (const cursor of ['', 'x', '1', "1 ' OR 1=1"])
      expect(() => hospital.store.reads({ items: 1, cursor })).toThrow(/^PAGE_CURSOR_INVALID/);
    for (const cursor of ['', 'x', '1e9', '1; DROP TABLE record'])
      expect(() => hospital.store.records({ items: 1, cursor })).toThrow(/^PAGE_CURSOR_INVALID/);
    expect(hospital.store.reads({ items: 10, ref: REF }).items.map(({ query }) => query)).toEqual([
      'read 0',
      'read 2',
      'read 4',
    ]);
    expect(hospital.store.reads({ items: 10, from: hospital.channel.now }).total).toBe(3);
    expect(first.items[0]).toMatchObject({
      by: { name: 'officer', role: 'compliance-officer' },
      kind: 'history',
      ref: REF,
    });
  });

  test('is anchored day by day, once a day is over, and agrees with the channel', async () => {
    readOnTwoDays();
    expect(await hospital.store.anchorReadLog()).toBe(1);
    expect(await hospital.store.anchorReadLog()).toBe(0);
    const day = new Date(hospital.channel.now - DAY_MS).toISOString().slice(0, 10);
    expect(hospital.mirror.get(ledgerKey.readLog(OWN, day))).toMatchObject({ entries: 3 });
    expect(hospital.store.verifyReadLog()).toMatchObject({ entries: 6, days: 2, anchoredDays: 1 });
  });

  test('is anchored by itself, and again where the channel was away', async () => {
    readOnTwoDays();
    hospital.store.start();
    for (let k = 0; k < 6_000 && hospital.sent.length === 0; k += 1)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(hospital.sent.map(({ name }) => name)).toEqual(['ConsentContract:anchorReadLog']);
  });

  test.each([
    [
      'a changed entry',
      'UPDATE read_entry SET entry = (SELECT entry FROM read_entry WHERE position = 0) WHERE position = 1',
    ],
    ['an entry of another time', 'UPDATE read_entry SET at = at + 1 WHERE position = 1'],
    ['a removed entry', 'DELETE FROM read_entry WHERE position = 1'],
    ['a removed first entry', 'DELETE FROM read_entry WHERE position = 0'],
    ['removed last entries of an anchored day', 'DELETE FROM read_entry WHERE position >= 2'],
    [
      'exchanged entries',
      'UPDATE read_entry SET position = CASE position WHEN 1 THEN -2 WHEN 2 THEN -1 ELSE position END; UPDATE read_entry SET position = -position WHERE position < 0',
    ],
    ['an emptied log', 'DELETE FROM read_entry'],
  ])('finds %s', async (_, sql) => {
    readOnTwoDays();
    await hospital.store.anchorReadLog();
    expect(hospital.store.verifyReadLog().entries).toBe(6);
    change(sql);
    expect(() => hospital.store.verifyReadLog()).toThrow(/^READ_LOG_BROKEN/);
  });
});
