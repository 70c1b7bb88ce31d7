/** Evidence packs from a running channel, checked offline by the verifier, and what is found when they are forged. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canonicalJson, ledgerKey, type Msp } from '@consilium/domain';
import { revokeCertificate } from '@consilium/network/channelTool/revokeCertificate';
import { Authority } from '@consilium/network/pki/authority';
import { generateKeyPair, privateKeyPem } from '@consilium/network/pki/keys';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Report } from '../../chaincode/verifier/src/pack/report.js';
import { verifyPack } from '../../chaincode/verifier/src/verifyPack.js';
import { testAuthority, testCertificate } from '../support/testCertificates.js';
import { ConsentChannel, KeptRecord, storeOf } from './support/consentChannel.js';
import { type ForgedCall, forgedAnswer, forgedTransaction, type Holder, repack, unpack } from './support/forging.js';

jest.setTimeout(240_000);

const VERIFY = resolve(import.meta.dirname, '../../chaincode/verifier/bin/consilium-verify.mjs');
const HISTORY = 'ConsentContract:consentHistory';
const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = ['Cleveland', 'Hungary', 'Switzerland', 'Va'].map(
  (name) => `${name}MSP` as Msp,
) as [Msp, Msp, Msp, Msp];
/** Every so many bytes of an entry one is changed. */
const FLIP_STEP_BYTES = 211;

let channel: ConsentChannel;
let genesis: string;
let record: KeptRecord;
let pack: Buffer;
let officer: Holder;

beforeAll(async () => {
  channel = await ConsentChannel.start();
  await channel.begin();
  record = new KeptRecord(HUNGARY, 'patient 7');
  await channel.submit(HUNGARY, 'data-steward', 'ConsentContract:recordConsents', { events: [record.event('grant')] });
  await channel.submit(HUNGARY, 'patient-desk', 'ConsentContract:withdrawConsents', {
    events: [record.event('withdraw')],
  });
  genesis = await channel.genesis();
  officer = person(HUNGARY, 'compliance-officer');
  pack = await madePack();
});
afterAll(() => channel?.stop());

function madePack(options: Parameters<ReturnType<ConsentChannel['packs']>['consent']>[1] = { open: 'patient' }) {
  const packs = channel.packs(HUNGARY, 'compliance-officer', storeOf([record]));
  return packs.consent({ msp: HUNGARY, ref: record.ref }, options);
}

function person(msp: Msp, role: 'compliance-officer' | 'data-steward'): Holder {
  const { certificate, key } = channel.home.hospital(msp).person(role);
  return { msp, certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

function peer(msp: Msp): Holder {
  const folder = channel.home.hospital(msp).nodeMsp('peer');
  return {
    msp,
    certificate: readFileSync(join(folder, 'signcerts/cert.pem'), 'utf8'),
    key: readFileSync(join(folder, 'keystore/key.pem'), 'utf8'),
  };
}

/** Long before the pack was made, however slow the machine is. */
const earlier = () => new Date(Date.now() - 1_800_000);

/** A peer's certificate that the hospital's own CA issues, valid for so long from an instant. */
async function anotherPeer(msp: Msp, lifetimeMs: number, now = new Date(), unit = 'peer'): Promise<Holder> {
  const { certificate, key } = channel.home.hospital(msp).authority;
  const authority = await Authority.load(readFileSync(certificate, 'utf8'), readFileSync(key, 'utf8'));
  const keys = await generateKeyPair();
  const subject = { commonName: `another.${msp}`, unit, organisation: msp };
  return {
    msp,
    certificate: await authority.issue({ subject, usage: 'signature', lifetimeMs }, keys.publicKey, now),
    key: await privateKeyPem(keys.privateKey),
  };
}

const told = ({ failures }: Report) => failures.map(({ where, why }) => `${where}: ${why}`).join('\n');

/** What is found in a pack whose entries were changed, and which its officer signed again. */
async function found(change: (entries: Map<string, Buffer>) => void | Promise<void>, of = pack): Promise<string> {
  const entries = unpack(of);
  await change(entries);
  return told(verifyPack(await repack(entries, officer), genesis));
}

const jsonOf = (entries: Map<string, Buffer>, name: string) => JSON.parse(entries.get(name)?.toString() ?? 'null');
const setJson = (entries: Map<string, Buffer>, name: string, value: unknown) =>
  entries.set(name, Buffer.from(canonicalJson(value)));
const answerNames = (entries: Map<string, Buffer>) => [...entries.keys()].filter((name) => name.startsWith('answers/'));

describe('a pack about a record', () => {
  test('holds, and says on one page what is proven and what is not', () => {
    const file = join(channel.root, 'pack');
    writeFileSync(file, pack);
    const { stdout, status } = spawnSync(process.execPath, [VERIFY, file, '--genesis', genesis], { encoding: 'utf8' });
    expect(stdout).toMatch(new RegExp(`^genesis ${genesis}\n`));
    expect(stdout).toContain('THE PACK HOLDS.');
    expect(stdout).toMatch(/signed by 3 or more of 4 hospitals; a majority is 3/);
    expect(stdout).toMatch(/ 1 withdraw .* in block \d+, recorded, patient-asked, policy 1/);
    expect(stdout).toContain('the record is tied to the patient number that is named');
    expect(stdout.split('\n').length).toBeLessThan(60);
    expect(status).toBe(0);
  });

  test('is taken by the command only against a genesis, and its exit code says so', () => {
    const file = join(channel.root, 'pack');
    const run = (...args: string[]) => spawnSync(process.execPath, [VERIFY, ...args], { encoding: 'utf8' }).status;
    expect([run(file), run(file, '--genesis', 'ab'.repeat(32)), run(), run('nowhere'), run('--help')]).toEqual([
      3, 1, 2, 2, 0,
    ]);
  });

  test('opens nothing unless that is asked for, and holds all the same', async () => {
    const closed = await madePack({});
    expect(told(verifyPack(closed, genesis))).toBe('');
    expect(closed.includes(record.salt)).toBe(false);
    expect(closed.includes('patient 7')).toBe(false);
    expect(JSON.stringify(jsonOf(unpack(await madePack({ open: 'contents' })), 'openings.json'))).not.toContain(
      'patient 7',
    );
  });

  test('with all blocks shows their order too', async () => {
    const whole = await madePack({ open: 'patient', wholeBlocks: true });
    const report = verifyPack(whole, genesis);
    expect(told(report)).toBe('');
    expect(report.proven.join('\n')).toMatch(/Order: all blocks from the first to \d+ are here/);
    expect(await found((entries) => void entries.delete('blocks/0000000003'), whole)).toBe('');
    expect(
      await found((entries) => void entries.set('blocks/0000000003', entries.get('blocks/0000000004')!), whole),
    ).toMatch(/blocks\/0000000003: it is block 4/);
  });
});

describe('a change of the file', () => {
  test('of any one bit is found, and the place is named', () => {
    const entries = unpack(pack);
    const content = [...entries.values()].reduce((sum, { length }) => sum + length, 0);
    const places = new Set<number>();
    for (let at = 0; at < pack.length; at += FLIP_STEP_BYTES) places.add(at);
    // Head and signature byte by byte.
    for (let at = 0; at < 110; at++) places.add(at);
    for (let at = pack.length - 73; at < pack.length; at++) places.add(at);
    const missed: number[] = [];
    for (const at of places) {
      const changed = Buffer.from(pack);
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      const { failures } = verifyPack(changed, genesis);
      if (failures.length === 0 || failures.some(({ where }) => where === '')) missed.push(at);
    }
    expect(missed).toEqual([]);
    expect(content).toBeGreaterThan(pack.length / 2);
  });

  test('names the entry that it hit', () => {
    const start = pack.indexOf(unpack(pack).get('openings.json')!);
    const changed = Buffer.from(pack);
    changed[start + 5]! ^= 1;
    expect(told(verifyPack(changed, genesis))).toMatch(/^openings\.json: its bytes are not those/m);
  });

  test('is found where something is cut off or added', () => {
    for (const changed of [
      pack.subarray(0, -1),
      Buffer.concat([pack, Buffer.of(0)]),
      pack.subarray(1),
      Buffer.alloc(0),
    ])
      expect(verifyPack(changed, genesis).holds).toBe(false);
  });

  test('by the officer, who signs it again, is found in everything that others signed', async () => {
    const entries = unpack(pack);
    const signed = [...entries.keys()].filter((name) => /^(answers|transactions|seals)\//.test(name));
    const missed: string[] = [];
    for (const name of signed) {
      const content = entries.get(name)!;
      for (let at = content.length % 7; at < content.length; at += FLIP_STEP_BYTES) {
        const changed = Buffer.from(content);
        changed[at] = (changed[at] as number) ^ (1 << (at % 8));
        const report = verifyPack(await repack(new Map([...entries, [name, changed]]), officer), genesis);
        if (report.holds) missed.push(`${name} ${at}`);
      }
    }
    expect(signed.length).toBeGreaterThan(6);
    expect(missed).toEqual([]);
  });

  test('and a signature by somebody else is none of the officer', async () => {
    const forged = await repack(unpack(pack), person(CLEVELAND, 'compliance-officer'));
    expect(told(verifyPack(forged, genesis))).toMatch(/^signature: the signature under the pack does not hold/);
  });
});

describe('an event', () => {
  /** Alters what the chaincode answered about the record, as if the peers had not signed it. */
  const altered = (change: (items: { key: string }[]) => void) =>
    found(async (entries) => {
      for (const name of answerNames(entries)) {
        const text = entries.get(name)!.toString();
        const answer = JSON.parse(text);
        const payload = Buffer.from(answer.payload, 'base64');
        if (!payload.includes(`consent~${HUNGARY}~`)) continue;
        // The same length, so that only the content is another one.
        const start = payload.indexOf('{"cursor"');
        const end = payload.indexOf(']}', start) + 2;
        const page = JSON.parse(payload.subarray(start, end).toString());
        change(page.items);
        const changed = Buffer.from(canonicalJson(page).padEnd(end - start));
        changed.copy(payload, start, 0, end - start);
        setJson(entries, name, { ...answer, payload: payload.toString('base64') });
      }
    });

  test('that is taken out of an answer is missed, the last too', async () => {
    expect(await altered((items) => void items.shift())).toMatch(/the endorsement of .* does not hold/);
    expect(await altered((items) => void items.pop())).toMatch(/the endorsement of .* does not hold/);
  });

  test('whose order is changed in an answer is found', async () => {
    expect(await altered((items) => void items.reverse())).toMatch(/the endorsement of .* does not hold/);
  });

  test('is missed where its whole answer is left out', async () => {
    const text = await found((entries) => {
      for (const name of answerNames(entries))
        if (Buffer.from(jsonOf(entries, name).proposal, 'base64').includes(HISTORY)) entries.delete(name);
    });
    expect(text).toMatch(/^consent: the pack has no endorsed answer to ConsentContract:consentHistory/m);
  });

  test('is missed where an answer from before it is put in', async () => {
    const older = new KeptRecord(HUNGARY, 'patient 8');
    await channel.submit(HUNGARY, 'data-steward', 'ConsentContract:recordConsents', { events: [older.event('grant')] });
    const packs = channel.packs(HUNGARY, 'compliance-officer', storeOf([older]));
    const before = unpack(await packs.consent({ msp: HUNGARY, ref: older.ref }));
    await channel.submit(HUNGARY, 'patient-desk', 'ConsentContract:withdrawConsents', {
      events: [older.event('withdraw')],
    });
    const after = unpack(await packs.consent({ msp: HUNGARY, ref: older.ref }));
    const about = jsonOf(after, 'about.json');
    for (const name of answerNames(before)) after.set(name, before.get(name)!);
    setJson(after, 'about.json', { ...about, createdAt: about.createdAt + 2 * 3_600_000 });
    expect(told(verifyPack(await repack(after, officer), genesis))).toMatch(/what came between is missing/);
  });

  test('is not believed of a transaction that swapped its place with another', async () => {
    const text = await found((entries) => {
      const [first, second, ...rest] = jsonOf(entries, 'authors.json');
      const swapped = [
        { ...first, transaction: second.transaction },
        { ...second, transaction: first.transaction },
      ];
      setJson(entries, 'authors.json', [...swapped, ...rest]);
    });
    expect(text).toMatch(/record .*: transaction [0-9a-f]{64} does not write it/);
  });

  test('is not believed of a transaction that peers found invalid', async () => {
    const raced = new KeptRecord(HUNGARY, 'patient 9');
    const twin = new KeptRecord(HUNGARY, 'patient 9');
    const one = raced.event('grant');
    const other = { ...twin.event('grant'), ref: raced.ref };
    const steward = channel.as(HUNGARY, 'data-steward');
    const contract = steward.getNetwork('consilium').getContract('consilium');
    const endorsed = await Promise.all(
      [one, other].map((event) =>
        contract
          .newProposal('ConsentContract:recordConsents', { arguments: [JSON.stringify({ events: [event] })] })
          .endorse(),
      ),
    );
    const commits = [];
    for (const transaction of endorsed) commits.push(await (await transaction.submit()).getStatus());
    expect(commits.map(({ code }) => code)).toEqual([0, 11]);
    const [valid, invalid] = commits as [(typeof commits)[0], (typeof commits)[0]];

    const packs = channel.packs(HUNGARY, 'compliance-officer', storeOf([raced]));
    const whole = await packs.consent({ msp: HUNGARY, ref: raced.ref }, { wholeBlocks: true });
    expect(told(verifyPack(whole, genesis))).toBe('');
    const block = Number(invalid.blockNumber);
    const bytes = await channel.envelope(HUNGARY, block, invalid.transactionId);
    const text = await found((entries) => {
      const authors = jsonOf(entries, 'authors.json') as { transaction: string }[];
      entries.delete(`transactions/${valid.transactionId}`);
      entries.set(`transactions/${invalid.transactionId}`, bytes);
      setJson(
        entries,
        'authors.json',
        authors.map((each) =>
          each.transaction === valid.transactionId ? { ...each, block, transaction: invalid.transactionId } : each,
        ),
      );
    }, whole);
    expect(text).toMatch(/peers found it invalid \(code 11\)|it is not transaction \d+ of block/);
    expect(text).toMatch(/record consent~.*: the transaction that wrote it, .*, is missing/);
    // Put where the valid one stands, it says something else.
    const inPlace = await found(
      (entries) => {
        const authors = jsonOf(entries, 'authors.json') as { transaction: string }[];
        entries.delete(`transactions/${valid.transactionId}`);
        entries.set(`transactions/${invalid.transactionId}`, bytes);
        setJson(
          entries,
          'authors.json',
          authors.map((each) =>
            each.transaction === valid.transactionId ? { ...each, transaction: invalid.transactionId } : each,
          ),
        );
      },
      await packs.consent({ msp: HUNGARY, ref: raced.ref }),
    );
    expect(inPlace).toMatch(/record consent~.*: transaction [0-9a-f]{64} writes something else there/);
  });
});

describe('what is forged with real keys', () => {
  const CALL = { channel: 'consilium', chaincode: 'consilium', version: 'ab'.repeat(32) };

  /** Puts an answer about the record into the pack that others endorsed; nothing else is changed. */
  async function withAnswer(changes: Partial<ForgedCall>, of = pack): Promise<string> {
    return found(async (entries) => {
      const name = answerNames(entries).find((each) =>
        Buffer.from(jsonOf(entries, each).proposal, 'base64').includes(HISTORY),
      )!;
      const items = record.inputs.map(({ seq }) => ledgerKey.consent(HUNGARY, record.ref, seq));
      const payload = Buffer.from(jsonOf(entries, name).payload, 'base64');
      const start = payload.indexOf('{"cursor"');
      const answer = JSON.parse(payload.subarray(start, payload.indexOf(']}', start) + 2).toString());
      const authors = jsonOf(entries, 'authors.json') as { block: number; index: number; transaction: string }[];
      const reads = items.map((key) => {
        const author = authors.find(({ transaction }) => entries.get(`transactions/${transaction}`)!.includes(key))!;
        return { key, block: author.block, index: author.index };
      });
      const forged = await forgedAnswer({
        ...CALL,
        creator: officer,
        endorsers: [CLEVELAND, HUNGARY, SWITZERLAND].map(peer),
        name: HISTORY,
        argument: { msp: HUNGARY, ref: record.ref },
        answer,
        reads,
        at: jsonOf(entries, 'about.json').createdAt - 10,
        ...changes,
      });
      entries.set(name, forged);
    }, of);
  }

  test('is taken as long as it is as a channel makes it', async () => {
    expect(await withAnswer({})).toBe('');
  });

  test('is refused of another channel or chaincode', async () => {
    expect(await withAnswer({ channel: 'other' })).toMatch(/it is of channel other, not of consilium/);
    expect(await withAnswer({ chaincode: 'other' })).toMatch(/it calls chaincode other, not consilium/);
  });

  test('is refused where a majority is short by one, or one stands for two', async () => {
    expect(await withAnswer({ endorsers: [CLEVELAND, HUNGARY].map(peer) })).toMatch(
      /2 of 4 hospitals endorsed it, 3 are a majority/,
    );
    const twice = [CLEVELAND, HUNGARY, HUNGARY].map(peer);
    expect(await withAnswer({ endorsers: twice })).toMatch(/HungaryMSP endorsed twice/);
    const two = [...[CLEVELAND, HUNGARY].map(peer), await anotherPeer(HUNGARY, 3_600_000, earlier())];
    expect(await withAnswer({ endorsers: two })).toMatch(/2 of 4 hospitals .*HungaryMSP endorsed twice/);
  });

  test('is refused where a CA endorsed that is none of the channel, or a certificate is forged', async () => {
    const own = [CLEVELAND, HUNGARY].map(peer);
    const stranger = await testCertificate(await testAuthority(VA), { organisation: VA });
    const as = (msp: string): Holder => ({ msp, certificate: stranger.certPem, key: stranger.keyPem });
    expect(await withAnswer({ endorsers: [...own, as(VA)] })).toMatch(/no authority of VaMSP issued the certificate/);
    expect(await withAnswer({ endorsers: [...own, as('OtherMSP')] })).toMatch(/OtherMSP is no member of the channel/);
    const { key } = await anotherPeer(VA, 3_600_000, earlier());
    const lent = { ...peer(VA), key };
    expect(await withAnswer({ endorsers: [...own, lent] })).toMatch(/the endorsement of CN=peer.* does not hold/);
  });

  test('is refused where a person or an expired peer endorsed', async () => {
    const own = [CLEVELAND, HUNGARY].map(peer);
    const client = person(VA, 'data-steward');
    expect(await withAnswer({ endorsers: [...own, client] })).toMatch(/CN=data-steward.* of VaMSP is no peer/);
    const expired = await anotherPeer(VA, 3_600_000, new Date(Date.now() - 7_200_000));
    expect(await withAnswer({ endorsers: [...own, expired] })).toMatch(/certificate of .* had expired at/);
    const early = await anotherPeer(VA, 3_600_000, new Date(Date.now() + 7_200_000));
    expect(await withAnswer({ endorsers: [...own, early] })).toMatch(/certificate of .* was not valid yet at/);
  });

  test('is refused where the transaction of an event is of another channel, author or content', async () => {
    const withTransaction = (changes: Partial<ForgedCall>) =>
      found(async (entries) => {
        const key = ledgerKey.consent(HUNGARY, record.ref, 0);
        const authors = jsonOf(entries, 'authors.json') as { transaction: string }[];
        const author = authors.find(({ transaction }) => entries.get(`transactions/${transaction}`)!.includes(key))!;
        const value = await channel.record(HUNGARY, record.ref, 0);
        const { id, bytes } = await forgedTransaction({
          ...CALL,
          creator: person(HUNGARY, 'data-steward'),
          endorsers: [CLEVELAND, HUNGARY, SWITZERLAND].map(peer),
          name: 'ConsentContract:recordConsents',
          argument: { events: [record.inputs[0]] },
          answer: {},
          writes: [{ key, value }],
          at: value.recordedAt,
          ...changes,
        });
        entries.delete(`transactions/${author.transaction}`);
        entries.set(`transactions/${id}`, Buffer.from(bytes));
        setJson(
          entries,
          'authors.json',
          authors.map((each) => (each === author ? { ...each, transaction: id } : each)),
        );
      });
    expect(await withTransaction({})).toBe('');
    expect(await withTransaction({ channel: 'other' })).toMatch(/transaction [0-9a-f]{64}: it is of channel other/);
    expect(await withTransaction({ creator: officer })).toMatch(/its recordedBy is not what its creator signed/);
    expect(await withTransaction({ creator: person(VA, 'data-steward') })).toMatch(/its msp is not what its creator/);
    expect(await withTransaction({ at: Date.now() })).toMatch(/its recordedAt is not what its creator signed/);
    const other = { ...record.inputs[0]!, codes: [] };
    expect(await withTransaction({ argument: { events: [other] } })).toMatch(
      /its codes is not what its creator signed/,
    );
    expect(await withTransaction({ name: 'ConsentContract:holdRecord' })).toMatch(/holdRecord does not write such/);
    expect(await withTransaction({ creator: peer(HUNGARY) })).toMatch(/is a peer, not a person/);
  });

  test('is refused where the certificate was revoked before, and taken where it was not yet', async () => {
    const second = await anotherPeer(VA, 3_600_000, earlier());
    const file = join(channel.root, 'second.pem');
    writeFileSync(file, second.certificate);
    const endorsers = [...[CLEVELAND, HUNGARY].map(peer), second];
    expect(await withAnswer({ endorsers })).toBe('');
    await revokeCertificate(channel.home, file, new Date());
    const other = new KeptRecord(HUNGARY, 'patient 10');
    await channel.submit(HUNGARY, 'data-steward', 'ConsentContract:recordConsents', { events: [other.event('grant')] });
    const later = await madePack();
    const report = verifyPack(later, genesis);
    expect(told(report)).toBe('');
    expect(report.proven.join('\n')).toMatch(/configuration 1 of block \d+, reached .*; VaMSP took certificates back/);
    expect(await withAnswer({ endorsers }, later)).toMatch(/the certificate of .* of VaMSP was revoked/);
    // Nobody gets rid of a revocation by leaving its configuration out.
    const name = [...unpack(later).keys()].find((each) => /^blocks\/(?!0{10})/.test(each))!;
    expect(await found((entries) => void entries.delete(name), later)).toMatch(
      /names the configuration of block \d+ as the newest, which is missing/,
    );
  });
});

describe('the first block', () => {
  test('of another channel is told, and one that was made up is not signed by its members', async () => {
    expect(told(verifyPack(pack, 'cd'.repeat(32)))).toMatch(/^genesis: the pack is of another channel/);
    const text = await found((entries) => {
      const changed = Buffer.from(entries.get('blocks/0000000000')!);
      changed[changed.length >> 1]! ^= 1;
      entries.set('blocks/0000000000', changed);
    });
    expect(text).toMatch(/blocks\/0000000000: .*not those of its header/);
  });
});
