/** The audit of a cohort, and proofs that a patient was in one or was not: from a running channel, checked offline. */
import { readFileSync } from 'node:fs';
import {
  type ConsentEventInput,
  ConsentSalt,
  canonicalJson,
  cohortPosition,
  consentLeaf,
  type Msp,
  merkleRoot,
} from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { verifyPack } from '../../chaincode/verifier/src/verifyPack.js';
import { protocolOf } from '../support/contractChannel.js';
import { ConsentChannel, KeptRecord, STUDY, storeOf } from './support/consentChannel.js';
import { type Holder, repack, unpack } from './support/forging.js';

jest.setTimeout(240_000);

const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = ['Cleveland', 'Hungary', 'Switzerland', 'Va'].map(
  (name) => `${name}MSP` as Msp,
) as [Msp, Msp, Msp, Msp];
const DAY_MS = 86_400_000;
const CROWD = 60;
const PROTOCOL = protocolOf({ publicData: false, purposes: ['DUO:0000006'], consent: {} });
const AUDITED = { study: STUDY, round: 1 };

let channel: ConsentChannel;
let genesis: string;

/** Honest: Ada, Ben and Gus allow; Gus withdraws after the join; Hal is no member. */
let cleveland: Record<'ada' | 'ben' | 'gus' | 'hal', KeptRecord>;
/** More members than one question tells of, all with a consent that was changed. */
let crowd: KeptRecord[];
/** Its agent takes everybody. */
let hungary: Record<'ina' | 'withdrawn' | 'expired' | 'notYet' | 'otherPurpose' | 'silent', KeptRecord>;
/** Its agent puts a patient who withdrew under another salt. */
let switzerland: Record<'jan' | 'kim', KeptRecord>;
let elsewhere: KeptRecord;
/** Keeps its events at home. */
let va: Record<'lea' | 'max', KeptRecord>;
let batches: ConsentEventInput[][];

/** An entry of a pack, as a forger sees it. */
// biome-ignore lint/suspicious/noExplicitAny: whatever stands in it is changed.
type Changeable = any;

const records = <Name extends string>(msp: Msp, ...names: Name[]) =>
  Object.fromEntries(names.map((name) => [name, new KeptRecord(msp, `patient ${name}`)])) as Record<Name, KeptRecord>;
const all = (of: Record<string, KeptRecord>) => Object.values(of);

beforeAll(async () => {
  channel = await ConsentChannel.start();
  await channel.begin([VA]);
  cleveland = records(CLEVELAND, 'ada', 'ben', 'gus', 'hal');
  await channel.submit(CLEVELAND, 'data-steward', 'ConsentContract:recordConsents', {
    events: all(cleveland).map((each) => each.event('grant')),
  });
  crowd = Array.from({ length: CROWD }, (_, k) => new KeptRecord(CLEVELAND, `patient ${k}`));
  await channel.submit(CLEVELAND, 'data-steward', 'ConsentContract:recordConsents', {
    events: crowd.flatMap((each) => [each.event('grant'), each.event('change')]),
  });
  hungary = records(HUNGARY, 'ina', 'withdrawn', 'expired', 'notYet', 'otherPurpose', 'silent');
  const now = Date.now();
  await channel.submit(HUNGARY, 'data-steward', 'ConsentContract:recordConsents', {
    events: [
      hungary.ina.event('grant'),
      hungary.withdrawn.event('grant'),
      hungary.withdrawn.event('withdraw'),
      hungary.expired.event('grant', {
        validFrom: now - 2 * DAY_MS,
        validTo: now - DAY_MS,
        effectiveFrom: now - 2 * DAY_MS,
      }),
      hungary.notYet.event('grant', { validFrom: now + DAY_MS }),
      hungary.otherPurpose.event('grant', { terms: [{ code: 'DUO:0000007', values: ['MONDO:0005015'] }] }),
    ],
  });
  switzerland = records(SWITZERLAND, 'jan', 'kim');
  await channel.submit(SWITZERLAND, 'data-steward', 'ConsentContract:recordConsents', {
    events: [switzerland.jan.event('grant'), switzerland.kim.event('grant'), switzerland.kim.event('withdraw')],
  });
  elsewhere = Object.assign(Object.create(KeptRecord.prototype), switzerland.kim, {
    salt: ConsentSalt.parse('5a'.repeat(32)),
  });
  va = records(VA, 'lea', 'max');
  batches = [[va.lea.event('grant'), va.max.event('grant')], [va.max.event('withdraw')]];
  for (const [batch, events] of batches.entries())
    await channel.submit(VA, 'data-steward', 'ConsentContract:recordConsentRoot', {
      batch,
      root: merkleRoot(events.map((each) => consentLeaf(each))),
      count: events.length,
      policyVersion: 1,
      restricts: batch === 1,
    });
  await channel.study(PROTOCOL);
  const { ada, ben, gus } = cleveland;
  await channel.join(CLEVELAND, 1, [ada, ben, gus, ...crowd], PROTOCOL);
  await channel.join(HUNGARY, 1, all(hungary), PROTOCOL);
  await channel.join(SWITZERLAND, 1, [switzerland.jan, elsewhere], PROTOCOL);
  await channel.join(VA, 1, all(va), PROTOCOL);
  await channel.submit(CLEVELAND, 'patient-desk', 'ConsentContract:withdrawConsents', {
    events: [gus.event('withdraw')],
  });
  genesis = await channel.genesis();
});
afterAll(() => channel?.stop());

function officer(msp: Msp): Holder {
  const { certificate, key } = channel.home.hospital(msp).person('compliance-officer');
  return { msp, certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

const report = (pack: Buffer) => verifyPack(pack, genesis);
const told = (pack: Buffer) => report(pack).failures.map(({ where, why }) => `${where}: ${why}`);
const honestStore = () => {
  const { ada, ben, gus } = cleveland;
  return storeOf([...all(cleveland), ...crowd], { members: [ada, ben, gus, ...crowd] });
};
const auditOf = (msp: Msp, store: ReturnType<typeof storeOf>) =>
  channel.packs(msp, 'compliance-officer', store).cohort(AUDITED, { withPatients: true });

async function changed(
  pack: Buffer,
  msp: Msp,
  name: string,
  change: (value: Changeable) => unknown,
): Promise<string[]> {
  const entries = unpack(pack);
  const value = JSON.parse(entries.get(name)!.toString());
  entries.set(name, Buffer.from(canonicalJson(change(value) ?? value)));
  return told(await repack(entries, officer(msp)));
}

describe('the audit of an honest cohort', () => {
  test('holds, counts its members, and says what it cannot show', async () => {
    const found = report(await auditOf(CLEVELAND, honestStore()));
    expect(found.failures).toEqual([]);
    expect(found.about.join('\n')).toMatch(/members: 63, with an allowing consent: 63, without: 0/);
    expect(found.limits.join('\n')).toMatch(/that exactly this cohort was trained on no record shows/);
  });

  test('is made by an auditor of the hospital as well, and not by its researcher', async () => {
    expect(told(await channel.packs(CLEVELAND, 'auditor', honestStore()).cohort(AUDITED))).toEqual([]);
    await expect(channel.packs(CLEVELAND, 'researcher', honestStore()).cohort(AUDITED)).rejects.toThrow(
      /^ROLE_REQUIRED/,
    );
  });

  test('finds a member that is left out, or opened wrongly', async () => {
    const { ada, ben, gus, hal } = cleveland;
    for (const members of [
      [ada, ben],
      [ada, ben, gus, hal],
      [ada, ben, hal],
    ])
      expect(
        (await told(await auditOf(CLEVELAND, storeOf(all(cleveland), { members: [...members, ...crowd] })))).join('\n'),
      ).toMatch(/^cohort: its members and their salts do not make the root/m);
    const pack = await auditOf(CLEVELAND, honestStore());
    const swapped = await changed(pack, CLEVELAND, 'openings.json', (openings) => {
      [openings[0].patient, openings[1].patient] = [openings[1].patient, openings[0].patient];
    });
    expect(swapped.join('\n')).toMatch(/event 0 is of another patient than is said/);
    const lessSaid = await changed(pack, CLEVELAND, 'openings.json', (openings) => {
      openings[2].events.pop();
    });
    expect(lessSaid.join('\n')).toMatch(/member [0-9a-f]{32}: event 1 is not opened/);
  });

  test('does not take answers that were not read together with the join', async () => {
    const pack = await auditOf(CLEVELAND, honestStore());
    const entries = unpack(pack);
    for (const [name, content] of entries)
      if (
        name.startsWith('answers/') &&
        Buffer.from(JSON.parse(content.toString()).proposal, 'base64').includes('cohortHistory')
      )
        entries.delete(name);
    const history = unpack(
      await channel.packs(CLEVELAND, 'compliance-officer').consent({ msp: CLEVELAND, ref: cleveland.ada.ref }),
    );
    entries.set('answers/0000000099.json', history.get('answers/0000000000.json')!);
    const text = told(await repack(entries, officer(CLEVELAND))).join('\n');
    expect(text).toMatch(/member [0-9a-f]{32}: no majority answered, together with the join, what stands of it/);
  });
});

describe('the audit of a cohort whose agent was tampered with', () => {
  test('names each member that nothing allowed, its leaf, and why; and nobody else', async () => {
    const found = told(await auditOf(HUNGARY, storeOf(all(hungary))));
    const lineOf = (of: KeptRecord) => found.filter((line) => line.startsWith(`member ${of.ref} `));
    const expected = {
      withdrawn: /no consent allows it: event 1, a withdraw, was in force: deny \(.*withdrawn/,
      expired: /event 0, a grant, was in force: deny \(.*has ended/,
      notYet: /event 0, a grant, was in force: deny \(.*not valid yet/,
      otherPurpose: /event 0, a grant, was in force: (deny|abstain) \(/,
      silent: /nothing was on file: deny \(/,
    } as const;
    for (const [name, reason] of Object.entries(expected)) {
      const record = hungary[name as keyof typeof expected];
      const leaf = cohortPosition(record.salt, record.ref, STUDY, 1);
      expect(lineOf(record)).toEqual([expect.stringMatching(reason)]);
      expect(lineOf(record)[0]).toContain(`(leaf ${leaf})`);
    }
    expect(found).toHaveLength(5);
  });

  test('finds a patient who was put elsewhere in the tree, whichever salt is shown', async () => {
    const asIs = await auditOf(SWITZERLAND, storeOf([switzerland.jan, elsewhere]));
    expect(told(asIs).join('\n')).toMatch(
      new RegExp(`member ${elsewhere.ref}: salt and content do not open the commitment of event 0: another salt`),
    );
    const withTrueSalt = await auditOf(SWITZERLAND, storeOf([switzerland.jan, switzerland.kim]));
    expect(told(withTrueSalt).join('\n')).toMatch(/cohort: its members and their salts do not make the root/);
    const denied = await auditOf(SWITZERLAND, storeOf([switzerland.jan]));
    expect(told(denied).join('\n')).toMatch(/cohort: its members and their salts do not make the root/);
  });

  test('finds members that are said to be erased and are not', async () => {
    const store = storeOf([hungary.ina], { erased: all(hungary).filter((each) => each !== hungary.ina) });
    const text = told(await auditOf(HUNGARY, store)).join('\n');
    expect(text).toMatch(new RegExp(`erased ${hungary.withdrawn.ref}: it has no tombstone`));
  });
});

describe('a proof about one patient', () => {
  const membership = (store: ReturnType<typeof storeOf>, msp: Msp, { ref }: KeptRecord) =>
    channel.packs(msp, 'compliance-officer', store).membership({ ref, study: STUDY });

  test('says who was in the cohort, and who was not', async () => {
    for (const [record, says] of [
      [cleveland.ada, 'IN the cohort'],
      [cleveland.hal, 'not in the cohort'],
    ] as const) {
      const found = report(await membership(honestStore(), CLEVELAND, record));
      expect(found.failures).toEqual([]);
      expect(found.about.join('\n')).toContain(says);
    }
  });

  test('claims no absence under another salt, without a path, or with the path of another', async () => {
    const lying = storeOf([switzerland.jan, elsewhere], { members: [switzerland.jan] });
    expect(told(await membership(lying, SWITZERLAND, elsewhere)).join('\n')).toMatch(
      /cohorts: salt and content do not open the commitment of event 0/,
    );
    const pack = await membership(honestStore(), CLEVELAND, cleveland.ada);
    expect((await changed(pack, CLEVELAND, 'membership.json', () => [])).join('\n')).toMatch(
      /round 1: whether the record was in its cohort is not shown/,
    );
    const other = unpack(await membership(honestStore(), CLEVELAND, cleveland.hal));
    const path = JSON.parse(other.get('membership.json')!.toString());
    expect((await changed(pack, CLEVELAND, 'membership.json', () => path)).join('\n')).toMatch(/^round 1: /m);
  });

  test('has a path of which no bit can be changed', async () => {
    const pack = await membership(honestStore(), CLEVELAND, cleveland.ada);
    const [{ proof }] = JSON.parse(unpack(pack).get('membership.json')!.toString());
    const bytes = Buffer.from(proof, 'base64');
    for (let bit = 0; bit < 8 * bytes.length; bit += 11) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const found = await changed(pack, CLEVELAND, 'membership.json', () => [
        { round: 1, proof: flipped.toString('base64') },
      ]);
      expect(found.join('\n')).toMatch(/^round 1: /m);
    }
  });
});

describe('a hospital that keeps its events at home', () => {
  const store = () => storeOf(all(va), { batches });

  test('has them proven against the roots of their batches, and its cohort audited by them', async () => {
    const found = told(await auditOf(VA, store()));
    expect(found).toEqual([expect.stringMatching(/^member .*no consent allows it: event 1, a withdraw, was in force/)]);
    expect(found[0]).toContain(va.max.ref);
    const record = report(
      await channel
        .packs(VA, 'compliance-officer', store())
        .consent({ msp: VA, ref: va.max.ref }, { open: 'contents' }),
    );
    expect(record.failures).toEqual([]);
    expect(record.about.join('\n')).toMatch(/events as of .*: 2\n/);
    expect(record.limits.join('\n')).toMatch(/Events of this record that VaMSP keeps at home: 2 of its batches/);
  });

  test('cannot leave a batch or an event of it out, change one, or prove one elsewhere', async () => {
    const pack = await auditOf(VA, store());
    const text = async (name: string, change: (value: Changeable) => unknown) =>
      (await changed(pack, VA, name, change)).join('\n');
    expect(await text('batches/0000000001.json', ({ msp, batch }) => ({ msp, batch, events: [] }))).toMatch(
      /batches\/0000000001\.json: it has 0 events, and the channel says 1/,
    );
    expect(await text('batches/0000000000.json', (value) => void value.events.reverse())).toMatch(
      /batches\/0000000000\.json: its events do not make its root/,
    );
    const entries = unpack(pack);
    entries.delete('batches/0000000001.json');
    const without = told(await repack(entries, officer(VA))).join('\n');
    expect(without).toMatch(/batches: 1 batches of events that VaMSP keeps at home are not wholly here/);
    const hidden = await text('batches/0000000001.json', ({ msp, batch, events }) => ({
      msp,
      batch,
      events: events.map((each: ConsentEventInput) => consentLeaf(each)),
    }));
    expect(hidden).toMatch(/batches: 1 events in batches of VaMSP are not opened, as of erased records: a withdrawal/);
    const record = await channel.packs(VA, 'compliance-officer', store()).consent({ msp: VA, ref: va.max.ref });
    const moved = await changed(
      record,
      VA,
      'batch-proofs.json',
      (proofs) => Object.assign(proofs[0], { index: 0 }) && proofs,
    );
    expect(moved.join('\n')).toMatch(/its path does not lead to the root of its batch/);
    const last = await changed(record, VA, 'batch-proofs.json', (proofs) => void proofs.shift());
    expect(last.join('\n')).toMatch(/event 0 of [0-9a-f]{32} is missing/);
  });
});

describe('a member who was erased after the join', () => {
  test('is told by its tombstone', async () => {
    const { ada, ben, gus } = cleveland;
    await channel.submit(CLEVELAND, 'compliance-officer', 'ConsentContract:eraseRecord', {
      ref: gus.ref,
      ground: 'gdpr-17-1-b',
      receiptHash: 'ab'.repeat(32) as never,
    });
    const found = report(await auditOf(CLEVELAND, storeOf([ada, ben, ...crowd], { erased: [gus] })));
    expect(found.failures).toEqual([]);
    expect(found.limits.join('\n')).toMatch(/1 members were erased after the join \(their tombstones are here\)/);
  });
});
