import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandInput, type ConsentRef, canonicalDigest, ledgerKey, refusal } from '@consilium/domain';
import { openDatabase } from '@consilium/sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConsentKeyFile } from '../../gateway/src/consent/consentKey.js';
import { ConsentStore } from '../../gateway/src/consent/consentStore.js';
import type { ConsentOrder } from '../../gateway/src/consent/consentTypes.js';
import { ConsentHospital, DESK, OFFICER, OWN, STEWARD, silentLog } from '../support/consentHospital.js';
import { ContractChannel, protocolOf, STUDY } from '../support/contractChannel.js';

const RESEARCH = protocolOf({ purposes: ['DUO:0000006'], publicData: false, consent: {} });
const POLICY: CommandInput<'ConsentContract:publishPolicy'> = {
  title: 'Research with your data',
  textHash: canonicalDigest('the text'),
  permittedPurposes: ['DUO:0000042'],
  dataClasses: [],
  legalBasis: 'consent',
};
const grant = (patient: string): ConsentOrder => ({
  patient,
  kind: 'grant',
  reason: 'patient-asked',
  terms: [{ code: 'DUO:0000042', values: [] }],
});
const withdraw = (patient: string): ConsentOrder => ({ patient, kind: 'withdraw', reason: 'patient-asked' });

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

async function granted(patients: string[], policy: Partial<typeof POLICY> = {}): Promise<void> {
  await hospital.submit('ConsentContract:publishPolicy', { ...POLICY, ...policy }, 'compliance-officer');
  hospital.store.start();
  await hospital.store.record(patients.map(grant), STEWARD);
  await hospital.settled();
}
const allowed = (...patients: string[]) =>
  hospital.store.desk.allowedNow({ study: STUDY, protocol: RESEARCH, patients }).then((found) => [...found]);
/** The machine burnt down: all but the backups is gone. */
function loseDatabase(): void {
  hospital.crash();
  for (const name of readdirSync(home)) if (name.startsWith('consent.db')) rmSync(join(home, name));
}
async function eventually(holds: () => boolean): Promise<void> {
  const until = Date.now() + 50_000;
  while (!holds()) {
    if (Date.now() > until) throw new Error('it did not come to hold');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
function changedAt(base64: string, byte: number): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[byte] = (bytes[byte] as number) ^ 1;
  return bytes.toString('base64');
}
const bytesOnDisk = () =>
  readdirSync(home)
    .map((name) => join(home, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));

describe('the master key', () => {
  test('is the only one that opens the store; a store of another hospital does not open at all', async () => {
    await granted(['1']);
    await hospital.close();
    hospital.key = '22'.repeat(32);
    expect(() => hospital.open()).toThrow(/^CONSENT_STORE_LOCKED/);
    hospital.key = 'short';
    expect(() => hospital.open()).toThrow(/^CONSENT_STORE_LOCKED/);
    hospital.key = '11'.repeat(32);
    expect(hospital.open().refsOf('1')).toHaveLength(1);
  });

  test('can be replaced: the old one opens nothing of what is on the disk', async () => {
    await granted(['1', '2']);
    const database = openDatabase(join(home, 'consent.db'));
    const before = [
      ...(database.prepare('SELECT key FROM record').all() as { key: Uint8Array }[]).map(({ key }) => key),
      ...(database.prepare("SELECT value FROM property WHERE name LIKE '%Key'").all() as { value: Uint8Array }[]).map(
        ({ value }) => value,
      ),
    ];
    database.close();
    expect(before).toHaveLength(4);
    hospital.store.rotateKey(Buffer.alloc(32, 0x22));
    for (const wrapped of before)
      expect(bytesOnDisk().some((bytes) => bytes.includes(Buffer.from(wrapped)))).toBe(false);
    expect(await allowed('1', '2')).toEqual(['1', '2']);
    await hospital.store.record([grant('3')], STEWARD);
    await hospital.close();
    expect(() => hospital.open()).toThrow(/^CONSENT_STORE_LOCKED/);
    hospital.key = '22'.repeat(32);
    hospital.open().start();
    await hospital.settled();
    expect(await allowed('1', '2', '3')).toEqual(['1', '2', '3']);
  });

  test('in a file survives a crash before, within and after its replacement', async () => {
    await granted(['1']);
    await hospital.close();
    const file = join(home, 'key');
    const [old, next] = [Buffer.alloc(32, 0x11), Buffer.alloc(32, 0x22)];
    writeFileSync(file, old.toString('hex'));
    const open = () => {
      const parts = { home, owner: { msp: OWN, channel: 'consilium' }, ledger: hospital.mirror, log: silentLog };
      const idle = {
        sender: {} as never,
        clock: { now: () => 0, monotonic: () => 0 },
        timers: { after: () => () => {} },
      };
      return ConsentStore.open({ ...parts, ...idle, key: new ConsentKeyFile(file) });
    };
    // The new key was kept, and the database not rewrapped yet.
    new ConsentKeyFile(file).prepare(next);
    let store = open();
    expect(store.refsOf('1')).toHaveLength(1);
    expect(readdirSync(home)).not.toContain('key.next');
    // The database was rewrapped, and the file not replaced yet.
    store.rotateKey(next);
    store.close();
    writeFileSync(file, old.toString('hex'));
    writeFileSync(`${file}.next`, next.toString('hex'), { mode: 0o600 });
    store = open();
    expect(store.refsOf('1')).toHaveLength(1);
    store.close();
    expect(readFileSync(file, 'utf8')).toBe(next.toString('hex'));
    expect(readdirSync(home)).not.toContain('key.next');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('a backup', () => {
  test('brings back what was lost: records, events, decisions, the log of reads, and what still waits', async () => {
    await granted(['1', '2']);
    await hospital.store.desk.select({ study: STUDY, protocol: RESEARCH, round: 0, patients: ['1', '2'] });
    hospital.store.logRead({ by: OFFICER, kind: 'history', query: 'all' });
    hospital.reachable = false;
    await hospital.store.record([withdraw('2')], DESK);
    const proof = hospital.store.cohortProof({ patient: '1' }, STUDY, 0);
    const { name } = hospital.store.backup();
    loseDatabase();
    hospital.reachable = true;
    expect(hospital.store.refsOf('1')).toEqual([]);
    expect(await hospital.store.restore(name)).toEqual({
      records: 2,
      events: 3,
      alreadyHere: 0,
      erasedLeftOut: 0,
      decisions: 1,
      reads: 1,
      ledger: {
        height: hospital.mirror.height(),
        copies: 'none',
        fromCopies: 0,
        withoutContents: { total: 0, refs: [] },
        withoutPatient: { total: 0, refs: [] },
        batchesMissing: 0,
      },
    });
    expect(await allowed('1', '2')).toEqual(['1']);
    expect(hospital.store.cohortProof({ patient: '1' }, STUDY, 0)).toEqual(proof);
    expect(hospital.store.verifyReadLog().entries).toBe(1);
    hospital.store.start();
    await hospital.settled();
    const [ref] = hospital.store.refsOf('2') as [ConsentRef];
    expect(hospital.mirror.get(ledgerKey.consent(OWN, ref, 1))).toMatchObject({ kind: 'withdraw' });
  });

  test('of before a withdrawal, or of before an erasure, brings neither consent nor patient back', async () => {
    await granted(['1', '2', '3']);
    const { name } = hospital.store.backup();
    copyFileSync(join(home, 'consent.db'), join(home, 'older.db'));
    await hospital.store.record([withdraw('1')], DESK);
    hospital.store.erase({ who: { patient: '2' }, ground: 'gdpr-17-1-b', reason: '' }, OFFICER);
    await hospital.settled();
    // Into the store that knows better: nothing in it is replaced.
    expect(await hospital.store.restore(name)).toMatchObject({
      records: 0,
      events: 0,
      alreadyHere: 2,
      erasedLeftOut: 1,
    });
    expect(await allowed('1', '2', '3')).toEqual(['3']);
    // Into an empty one: the channel knows better.
    loseDatabase();
    expect(await hospital.store.restore(name)).toMatchObject({ records: 2, erasedLeftOut: 1 });
    expect(hospital.store.refsOf('2')).toEqual([]);
    expect(await allowed('1', '2', '3')).toEqual(['3']);
    // A new consent follows the channel's last event.
    hospital.store.start();
    await hospital.store.record([grant('1')], STEWARD);
    await hospital.settled();
    expect(await allowed('1')).toEqual(['1']);
    // An older file put in place by hand.
    loseDatabase();
    copyFileSync(join(home, 'older.db'), join(home, 'consent.db'));
    hospital.store.start();
    await hospital.settled();
    expect(hospital.store.refsOf('2')).toEqual([]);
  });

  test('of a store whose events stay at home does not bring back who withdrew in a batch that it does not know', async () => {
    await granted(['1', '2'], { placement: 'roots' });
    const { name } = hospital.store.backup();
    await hospital.store.record([withdraw('1')], DESK);
    await hospital.settled();
    loseDatabase();
    await hospital.store.restore(name);
    // Nobody can tell whose the lost withdrawal was.
    expect(await allowed('1', '2')).toEqual([]);
    hospital.store.start();
    await hospital.store.record([grant('2')], STEWARD);
    await hospital.settled();
    expect(await allowed('1', '2')).toEqual(['2']);
  });

  test('that is older than the channel names whose contents are lost, and records that are nobody’s any more', async () => {
    await granted(['1', '2']);
    const { name } = hospital.store.backup();
    await hospital.store.record([withdraw('1'), grant('3')], STEWARD);
    await hospital.settled();
    const [[one], [three]] = [hospital.store.refsOf('1'), hospital.store.refsOf('3')] as [ConsentRef[], ConsentRef[]];
    loseDatabase();
    expect((await hospital.store.restore(name)).ledger).toMatchObject({
      copies: 'none',
      withoutContents: { total: 1, refs: [one] },
      withoutPatient: { total: 1, refs: [three] },
    });
    expect(await allowed('1', '2', '3')).toEqual(['2']);
  });

  test('is completed from private copies: what was recorded since, and a withdrawal that never reached the channel', async () => {
    await granted(['1', '2', '3'], { privateCopy: true });
    const { name } = hospital.store.backup();
    hospital.channel.now += 1_000;
    await hospital.store.record([withdraw('1'), { ...grant('2'), kind: 'change', note: 'by telephone' }], DESK);
    await hospital.settled();
    const [before, ref] = [hospital.store.history({ patient: '2' }), hospital.store.refsOf('1')[0] as ConsentRef];
    // Its copy is kept, and the event itself does not come through.
    hospital.refuses = (command) => ('events' in (command as object) ? refusal('LEDGER_CONFLICT', {}) : undefined);
    await hospital.store.record([withdraw('3')], DESK);
    await eventually(() => hospital.sent.at(-1)?.name === 'ConsentContract:keepPrivate');
    hospital.refuses = () => undefined;
    loseDatabase();
    hospital.reachable = false;
    expect((await hospital.store.restore(name)).ledger).toMatchObject({
      copies: 'unreachable',
      fromCopies: 0,
      withoutContents: { total: 2 },
    });
    expect(await allowed('1', '2', '3')).toEqual(['3']);
    hospital.reachable = true;
    expect((await hospital.store.restore(name)).ledger).toMatchObject({
      copies: 'read',
      fromCopies: 3,
      withoutContents: { total: 0 },
      withoutPatient: { total: 0 },
    });
    expect(await allowed('1', '2', '3')).toEqual(['2']);
    expect(hospital.store.history({ ref }).map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'grant committed',
      'withdraw committed',
    ]);
    // All of it but notes and resources, which no copy has room for.
    expect(hospital.store.history({ patient: '2' })).toEqual(before.map((event) => ({ ...event, note: null })));
    expect((await hospital.store.restore(name)).ledger).toMatchObject({ fromCopies: 0 });
    hospital.store.start();
    await hospital.settled();
    const [three] = hospital.store.refsOf('3') as [ConsentRef];
    expect(hospital.mirror.get(ledgerKey.consent(OWN, three, 1))).toMatchObject({ kind: 'withdraw' });
  });

  test('takes no private copy that is another record’s, changed, or of an erased record', async () => {
    await granted(['1', '2', '3'], { privateCopy: true });
    const { name } = hospital.store.backup();
    await hospital.store.record(['1', '2', '3'].map(withdraw), DESK);
    await hospital.settled();
    const refs = ['1', '2', '3'].map((patient) => hospital.store.refsOf(patient)[0] as ConsentRef);
    const copies = refs.map((ref) =>
      hospital.channel.ledger.readPrivate(`_implicit_org_${OWN}`, ledgerKey.opening(ref)),
    );
    hospital.store.erase({ who: { patient: '3' }, ground: 'gdpr-17-1-b', reason: '' }, OFFICER);
    await hospital.settled();
    loseDatabase();
    const [one, two, three] = copies as [string, string, string];
    hospital.copies = new Map([
      [refs[0], two],
      [refs[1], changedAt(two, 40)],
      [refs[2], three],
    ] as [ConsentRef, string][]);
    const { ledger, erasedLeftOut } = await hospital.store.restore(name);
    expect({ erasedLeftOut, ...ledger }).toMatchObject({
      erasedLeftOut: 1,
      copies: 'read',
      fromCopies: 0,
      withoutContents: { total: 2 },
      withoutPatient: { total: 0 },
    });
    hospital.copies = new Map([[refs[0] as ConsentRef, one]]);
    expect((await hospital.store.restore(name)).ledger).toMatchObject({ fromCopies: 1, withoutContents: { total: 1 } });
    expect(await allowed('1', '2', '3')).toEqual([]);
  });

  test('brings nothing back that the channel has another event in the place of', async () => {
    await granted(['1', '2']);
    hospital.reachable = false;
    await hospital.store.record([{ ...grant('1'), kind: 'change' }, withdraw('2')], DESK);
    const { name } = hospital.store.backup();
    hospital.reachable = true;
    hospital.refuses = (command) =>
      'events' in (command as object) ? refusal('CONSENT_EVENT_EXISTS', { seq: 1 }) : undefined;
    hospital.store.start();
    await hospital.settled();
    hospital.refuses = () => undefined;
    await hospital.store.record([withdraw('1'), grant('2')], DESK);
    await hospital.settled();
    loseDatabase();
    await hospital.store.restore(name);
    // What waited in the backup for the numbers that others have now, is neither taken for them nor sent again.
    expect(hospital.store.queue().waiting).toBe(0);
    expect(hospital.store.history({ patient: '1' })).toHaveLength(1);
    expect(await allowed('1', '2')).toEqual([]);
  });

  test('keeps what was recorded anew in the meantime in use', async () => {
    await granted(['1']);
    const [older] = hospital.store.refsOf('1');
    const { name } = hospital.store.backup();
    loseDatabase();
    hospital.store.start();
    hospital.channel.now += 1_000;
    await hospital.store.record([grant('1'), withdraw('1')], STEWARD);
    await hospital.settled();
    const [newer] = hospital.store.refsOf('1');
    await hospital.store.restore(name);
    expect(hospital.store.refsOf('1')).toEqual([older, newer]);
    expect(await allowed('1')).toEqual([]);
  });

  test("of another key opens with that key alone, and then stands under today's", async () => {
    await granted(['1']);
    const { name } = hospital.store.backup();
    hospital.store.rotateKey(Buffer.alloc(32, 0x22));
    hospital.key = '22'.repeat(32);
    loseDatabase();
    await expect(hospital.store.restore(name)).rejects.toThrow(/^CONSENT_STORE_BACKUP_INVALID/);
    await hospital.store.restore(name, Buffer.alloc(32, 0x11));
    hospital.crash();
    expect(hospital.store.refsOf('1')).toHaveLength(1);
  });

  test('that is damaged, cut off, foreign or no backup is refused, and changes nothing', async () => {
    await granted(['1']);
    const { name } = hospital.store.backup();
    const path = join(home, 'consent-backups', name);
    const whole = readFileSync(path);
    expect(whole.includes('SQLite')).toBe(false);
    await hospital.store.record([grant('2')], STEWARD);
    const refused = async (bytes: Uint8Array) => {
      writeFileSync(path, bytes);
      await expect(hospital.store.restore(name)).rejects.toThrow(/^CONSENT_STORE_BACKUP_INVALID/);
    };
    for (const at of [0, 30, 80, 400, whole.length - 1]) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ 1;
      await refused(changed);
    }
    for (const length of [0, 10, 300, whole.length - 1]) await refused(whole.subarray(0, length));
    await refused(Buffer.concat([whole, Buffer.of(0)]));
    await refused(Buffer.from(whole.toString('latin1').replace(OWN, 'ClevelandMSQ'), 'latin1'));
    for (const other of ['../consent.db', 'consent.db', `${name}/../${name}`, ''])
      await expect(hospital.store.restore(other)).rejects.toThrow(/^CONSENT_STORE_BACKUP_INVALID/);
    expect(hospital.store.refsOf('2')).toHaveLength(1);
    expect(readdirSync(join(home, 'consent-backups'))).toEqual([name]);
    expect(hospital.store.backups().map((made) => made.name)).toEqual([name]);
  });
});
