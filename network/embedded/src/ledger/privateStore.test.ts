import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@consilium/sqlite';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TestLedger } from '../testing/testLedger.js';
import { endorsedEnvelope, signedProposal } from '../testing/testProposal.js';
import { sha256 } from '../wire/bytes.js';
import { unpackProposal } from '../wire/proposal.js';
import { parseTransaction } from '../wire/transaction.js';
import { PeerLedger } from './peerLedger.js';
import { PrivateStore } from './privateStore.js';
import { ReadWriteSetBuilder } from './readWriteSetBuilder.js';
import { StateStore } from './stateStore.js';

const root = mkdtempSync(join(tmpdir(), 'private-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const COLLECTION = '_implicit_org_AMSP';
const network = await TestLedger.create();
let chain: TestLedger;
let folder: string;
let store: PrivateStore;
let ledger: PeerLedger;
let count = 0;

const open = (state: StateStore, privates: PrivateStore, organization = 'AMSP') =>
  new PeerLedger({
    organization,
    channel: 'testchannel',
    chain: chain.reader,
    state,
    privates,
    membership: chain.membership,
  });

beforeEach(async () => {
  count += 1;
  folder = mkdtempSync(join(root, `${count}-`));
  chain = network.fresh();
  store = new PrivateStore(openDatabase(join(folder, 'private.db')));
  ledger = open(new StateStore(openDatabase(join(folder, 'state.db'))), store);
  await chain.define(ledger);
});

/** A private write of the client, endorsed and kept by the peer of its organisation. */
function privateWrite(key: string, value: string | undefined, purge = false): Buffer {
  const set = new ReadWriteSetBuilder();
  set.addPrivateWrite('demo', COLLECTION, key, value === undefined ? undefined : Buffer.from(value), purge);
  const { publicBytes, privateSets } = set.build();
  const proposal = unpackProposal(signedProposal(chain.client));
  store.keepEndorsed(proposal.transactionId, privateSets, ledger.height);
  return endorsedEnvelope(chain.client, proposal, { results: publicBytes, endorsers: [chain.peers[0]!] });
}

const read = (from: PeerLedger, key: string) => from.privates.values.get('demo', COLLECTION, key)?.value.toString();
const hashOf = (from: PeerLedger, key: string) =>
  from.state.hash('demo', COLLECTION, sha256(Buffer.from(key)).toString('hex'))?.value;

describe('private values', () => {
  test('are held by the members of their collection, everybody else has the hash', async () => {
    await chain.commit(ledger, [privateWrite('k', 'secret')]);
    const other = await chain.ledger('BMSP');
    expect([read(ledger, 'k'), read(other, 'k')]).toEqual(['secret', undefined]);
    expect(hashOf(ledger, 'k')).toEqual(sha256(Buffer.from('secret')));
    expect(hashOf(other, 'k')).toEqual(hashOf(ledger, 'k'));
  });

  test('carry the version of their hash', async () => {
    await chain.commit(ledger, [privateWrite('k', '1'), privateWrite('k', '2')]);
    const value = ledger.privates.values.get('demo', COLLECTION, 'k');
    expect(value).toEqual({ value: Buffer.from('2'), version: { block: 2, transaction: 1 } });
  });

  test('survive a crash between endorsement and commit', async () => {
    const envelope = privateWrite('k', 'secret');
    // The peer's process ends here; another one opens the same files.
    store = new PrivateStore(openDatabase(join(folder, 'private.db')));
    ledger = open(new StateStore(openDatabase(join(folder, 'state.db'))), store);
    await chain.commit(ledger, [envelope]);
    expect(read(ledger, 'k')).toBe('secret');
  });

  test('are there again when the state is rebuilt from the chain', async () => {
    await chain.commit(ledger, [privateWrite('a', '1'), privateWrite('b', '1')]);
    await chain.commit(ledger, [privateWrite('a', '2'), privateWrite('b', undefined)]);
    const rebuilt = open(new StateStore(openDatabase(':memory:')), store);
    await rebuilt.follow();
    expect([read(rebuilt, 'a'), read(rebuilt, 'b')]).toEqual(['2', undefined]);
    expect(rebuilt.state.commitHash).toEqual(ledger.state.commitHash);
  });

  test('are gone from every file after a purge', async () => {
    const secret = 'a secret that must not stay anywhere';
    await chain.commit(ledger, [privateWrite('k', `${secret} 1`), privateWrite('other', 'kept')]);
    await chain.commit(ledger, [privateWrite('k', `${secret} 2`)]);
    expect(filesWith(secret)).not.toEqual([]);
    await chain.commit(ledger, [privateWrite('k', undefined, true)]);
    expect(filesWith(secret)).toEqual([]);
    expect([read(ledger, 'k'), hashOf(ledger, 'k'), read(ledger, 'other')]).toEqual([undefined, undefined, 'kept']);
    const rebuilt = open(new StateStore(openDatabase(':memory:')), store);
    await rebuilt.follow();
    expect([read(rebuilt, 'k'), read(rebuilt, 'other')]).toEqual([undefined, 'kept']);
  });

  test('whose set was exchanged are not taken', async () => {
    const envelope = privateWrite('k', 'secret');
    const set = new ReadWriteSetBuilder();
    set.addPrivateWrite('demo', COLLECTION, 'k', Buffer.from('another'));
    const { header } = parseTransaction(envelope);
    store.keepEndorsed(header!.transactionId, set.build().privateSets, ledger.height);
    expect(await chain.commit(ledger, [envelope])).toEqual(['VALID']);
    expect(read(ledger, 'k')).toBeUndefined();
    expect(hashOf(ledger, 'k')).toEqual(sha256(Buffer.from('secret')));
  });

  test('in a range come in order', async () => {
    await chain.commit(ledger, [privateWrite('c', '3'), privateWrite('a', '1'), privateWrite('b', '2')]);
    const range = { start: 'a', after: false, end: 'c', count: 10 };
    expect(store.values.range('demo', COLLECTION, range).map((each) => each.key)).toEqual(['a', 'b']);
  });
});

function filesWith(text: string): string[] {
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text));
}
