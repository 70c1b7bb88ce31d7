import { beforeEach, describe, expect, test } from '@jest/globals';
import { outOf } from '../membership/policy.js';
import { TestAuthority } from '../testing/testAuthority.js';
import { TestLedger } from '../testing/testLedger.js';
import { transactionOf } from '../testing/testProposal.js';
import { sha256 } from '../wire/bytes.js';
import { encode } from '../wire/proto.js';
import { parseTransaction } from '../wire/transaction.js';
import { signatureParameter } from './chaincodeDefinition.js';
import { VALIDATION_PARAMETER } from './metadata.js';
import type { PeerLedger } from './peerLedger.js';
import { RangeReads } from './rangeReads.js';
import { ReadWriteSetBuilder } from './readWriteSetBuilder.js';

const network = await TestLedger.create();
let chain: TestLedger;
let ledger: PeerLedger;

beforeEach(async () => {
  chain = network.fresh();
  ledger = await chain.ledger();
  await chain.define(ledger);
});

const value = (text: string) => Buffer.from(text);
const put = (key: string, text: string) => chain.transaction((set) => set.addWrite('demo', key, value(text)));
const versionOf = (key: string) => ledger.state.get('demo', key)?.version;

/** A transaction that read `key` as it is now and writes it. */
const increment = (key: string) => {
  const version = versionOf(key);
  return chain.transaction((set) => {
    set.addRead('demo', key, version);
    set.addWrite('demo', key, value('x'));
  });
};

/** A transaction that read a range as it is now and writes something outside of it. */
const count = (start: string, end: string, exhausted = true) => {
  const reads = new RangeReads();
  let last = '';
  for (const entry of ledger.state.range('demo', { start, after: false, end, count: 1000 })) {
    reads.add(entry);
    last = entry.key;
  }
  return chain.transaction((set) => {
    set.addRange('demo', { startKey: start, endKey: exhausted ? end : last, exhausted, ...reads.finish() });
    set.addWrite('demo', 'outside', value('n'));
  });
};

const keyHash = (key: string) => sha256(Buffer.from(key)).toString('hex');
const policyOf = (...organizations: string[]) =>
  new Map([[VALIDATION_PARAMETER, encode(outOf(organizations.length, organizations))]]);

describe('reads', () => {
  test('of what has changed since are a conflict', async () => {
    await chain.commit(ledger, [put('a', '1')]);
    const stale = increment('a');
    await chain.commit(ledger, [put('a', '2')]);
    expect(await chain.commit(ledger, [stale])).toEqual(['MVCC_READ_CONFLICT']);
    expect(ledger.state.get('demo', 'a')?.value).toEqual(value('2'));
  });

  test('of what an earlier transaction of the block writes are a conflict, and the earlier one wins', async () => {
    const [first, second] = [increment('a'), increment('a')];
    expect(await chain.commit(ledger, [first, second])).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
    expect(versionOf('a')).toEqual({ block: 2, transaction: 0 });
  });

  test('of an absent key hold as long as it is absent', async () => {
    const reading = increment('new');
    const again = increment('new');
    expect(await chain.commit(ledger, [reading])).toEqual(['VALID']);
    expect(await chain.commit(ledger, [again])).toEqual(['MVCC_READ_CONFLICT']);
  });

  test('are not disturbed by transactions that are invalid themselves', async () => {
    await chain.commit(ledger, [put('a', '1')]);
    const stale = increment('a');
    await chain.commit(ledger, [put('a', '2')]);
    const fresh = increment('a');
    expect(await chain.commit(ledger, [stale, fresh])).toEqual(['MVCC_READ_CONFLICT', 'VALID']);
  });

  test('of a deleted key are a conflict', async () => {
    await chain.commit(ledger, [put('a', '1')]);
    const stale = increment('a');
    const deletion = chain.transaction((set) => set.addWrite('demo', 'a', undefined));
    expect(await chain.commit(ledger, [deletion, stale])).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
    expect(versionOf('a')).toBeUndefined();
  });

  test('of blind writes do not exist: both are valid', async () => {
    expect(await chain.commit(ledger, [put('a', '1'), put('a', '2')])).toEqual(['VALID', 'VALID']);
    expect(ledger.state.get('demo', 'a')?.value).toEqual(value('2'));
    expect(ledger.state.history('demo', 'a')).toEqual([
      { block: 2, transaction: 1 },
      { block: 2, transaction: 0 },
    ]);
  });
});

describe('a range that was read', () => {
  beforeEach(async () => {
    await chain.commit(ledger, [put('r1', '1'), put('r3', '3'), put('r5', '5')]);
  });

  test('and has not changed is no conflict', async () => {
    expect(await chain.commit(ledger, [count('r', 's')])).toEqual(['VALID']);
  });

  test.each([
    ['a new key in it', 'r2', '2', 'PHANTOM_READ_CONFLICT'],
    ['a changed key in it', 'r3', 'x', 'PHANTOM_READ_CONFLICT'],
    ['a key before it', 'q9', 'x', 'VALID'],
    ['a key at its end, which does not belong to it', 's', 'x', 'VALID'],
  ])('and meets %s in the same block: %s', async (_, key, text, code) => {
    expect(await chain.commit(ledger, [put(key, text), count('r', 's')])).toEqual(['VALID', code]);
  });

  test('and lost a key is a conflict', async () => {
    const counting = count('r', 's');
    await chain.commit(ledger, [chain.transaction((set) => set.addWrite('demo', 'r3', undefined))]);
    expect(await chain.commit(ledger, [counting])).toEqual(['PHANTOM_READ_CONFLICT']);
  });

  test('and was left before its end reaches to the last key seen', async () => {
    const halfway = count('r', 'r4', false);
    expect(await chain.commit(ledger, [put('r4', '4'), halfway])).toEqual(['VALID', 'VALID']);
    const again = count('r', 'r4', false);
    expect(await chain.commit(ledger, [put('r3', 'x'), again])).toEqual(['VALID', 'PHANTOM_READ_CONFLICT']);
  });

  test('with more than 50 results is compared by its summary', async () => {
    const many = chain.transaction((set) => {
      for (let index = 0; index < 200; index++) set.addWrite('demo', `m${1000 + index}`, value('1'));
    });
    await chain.commit(ledger, [many]);
    expect(await chain.commit(ledger, [count('m', 'n')])).toEqual(['VALID']);
    expect(await chain.commit(ledger, [put('m1100', 'x'), count('m', 'n')])).toEqual([
      'VALID',
      'PHANTOM_READ_CONFLICT',
    ]);
  });
});

describe('endorsements', () => {
  const written = (endorsers: typeof network.peers) =>
    chain.transaction((set) => set.addWrite('demo', 'a', value('1')), endorsers);

  test('of a majority are enough, of fewer are not', async () => {
    const [a, b] = network.peers as [(typeof network.peers)[0], (typeof network.peers)[0]];
    expect(await chain.commit(ledger, [written([a, b]), written([a]), written([])])).toEqual([
      'VALID',
      'ENDORSEMENT_POLICY_FAILURE',
      'ENDORSEMENT_POLICY_FAILURE',
    ]);
  });

  test('of one peer count once, however often it signs', async () => {
    const [a] = network.peers as [(typeof network.peers)[0]];
    expect(await chain.commit(ledger, [written([a, a, a])])).toEqual(['ENDORSEMENT_POLICY_FAILURE']);
  });

  test('of clients and of strangers do not count', async () => {
    const [a] = network.peers as [(typeof network.peers)[0]];
    const stranger = await (await TestAuthority.create('BMSP')).signer({ units: ['peer'] });
    expect(await chain.commit(ledger, [written([a, network.client]), written([a, stranger])])).toEqual([
      'ENDORSEMENT_POLICY_FAILURE',
      'ENDORSEMENT_POLICY_FAILURE',
    ]);
  });

  test('for another result do not count', async () => {
    const set = (text: string) => {
      const builder = new ReadWriteSetBuilder();
      builder.addWrite('demo', 'a', value(text));
      return builder.build().publicBytes;
    };
    const options = { nonce: Buffer.alloc(24, 9) };
    const honest = transactionOf(chain.client, { results: set('1'), endorsers: network.peers }, options);
    const forged = transactionOf(chain.client, { results: set('2'), endorsers: [] }, options);
    expect(await chain.commit(ledger, [forged, honest])).toEqual(['ENDORSEMENT_POLICY_FAILURE', 'VALID']);
    expect(ledger.state.get('demo', 'a')?.value).toEqual(value('1'));
  });

  test('are needed also where nothing is written', async () => {
    expect(await chain.commit(ledger, [chain.transaction((set) => set.addRead('demo', 'a', undefined), [])])).toEqual([
      'ENDORSEMENT_POLICY_FAILURE',
    ]);
  });

  test('follow the policy of the chaincode', async () => {
    await chain.define(ledger, { sequence: 2, validationParameter: signatureParameter(outOf(1, ['CMSP'])) });
    const [a, b, c] = network.peers;
    expect(await chain.commit(ledger, [written([a!, b!]), written([c!])])).toEqual([
      'ENDORSEMENT_POLICY_FAILURE',
      'VALID',
    ]);
  });

  test('of a chaincode that is not defined are worth nothing', async () => {
    const results = chain.transaction((set) => set.addWrite('other', 'a', value('1')));
    expect(await chain.commit(ledger, [results])).toEqual(['INVALID_CHAINCODE']);
  });

  test('for the lifecycle need a majority of peers too', async () => {
    const [a] = network.peers;
    const takeover = (endorsers: typeof network.peers) =>
      chain.transaction((set) => set.addWrite('_lifecycle', 'namespaces/fields/demo/Sequence', value('1')), endorsers);
    expect(await chain.commit(ledger, [takeover([a!])])).toEqual(['ENDORSEMENT_POLICY_FAILURE']);
  });
});

describe('the policy of a key', () => {
  const setPolicy = (key: string, ...organizations: string[]) =>
    chain.transaction((set) => set.addMetadataWrite('demo', key, policyOf(...organizations)));
  const putBy = (endorsers: typeof network.peers) =>
    chain.transaction((set) => set.addWrite('demo', 'k', value('1')), endorsers);

  beforeEach(async () => {
    await chain.commit(ledger, [put('k', '0')]);
  });

  test("takes the place of the chaincode's", async () => {
    const [a, b, c] = network.peers;
    await chain.commit(ledger, [setPolicy('k', 'CMSP')]);
    expect(await chain.commit(ledger, [putBy([a!, b!]), putBy([c!])])).toEqual(['ENDORSEMENT_POLICY_FAILURE', 'VALID']);
  });

  test('stays when the value is written again', async () => {
    await chain.commit(ledger, [setPolicy('k', 'CMSP')]);
    await chain.commit(ledger, [putBy([network.peers[2]!])]);
    expect(ledger.state.get('demo', 'k')?.metadata?.get(VALIDATION_PARAMETER)).toEqual(
      policyOf('CMSP').get(VALIDATION_PARAMETER),
    );
  });

  test('that changes in the block fails whoever writes the key after', async () => {
    expect(await chain.commit(ledger, [setPolicy('k', 'CMSP'), putBy([...network.peers]), setPolicy('k')])).toEqual([
      'VALID',
      'ENDORSEMENT_POLICY_FAILURE',
      'ENDORSEMENT_POLICY_FAILURE',
    ]);
  });

  test('for an absent key is dropped', async () => {
    expect(await chain.commit(ledger, [setPolicy('ghost', 'CMSP')])).toEqual(['VALID']);
    expect(ledger.state.get('demo', 'ghost')).toBeUndefined();
  });

  test('that nobody can read locks the key', async () => {
    const broken = new Map([[VALIDATION_PARAMETER, Buffer.from('ff', 'hex')]]);
    await chain.commit(ledger, [chain.transaction((set) => set.addMetadataWrite('demo', 'k', broken))]);
    expect(await chain.commit(ledger, [putBy([...network.peers])])).toEqual(['ENDORSEMENT_POLICY_FAILURE']);
  });
});

describe('private data', () => {
  const collection = '_implicit_org_AMSP';
  const putPrivate = (key: string, text: string, endorsers = [network.peers[0]!]) => {
    const set = new ReadWriteSetBuilder();
    set.addPrivateWrite('demo', collection, key, value(text));
    const { publicBytes, privateSets } = set.build();
    return { privateSets, envelope: transactionOf(chain.client, { results: publicBytes, endorsers }) };
  };

  test('of an organisation is endorsed by its own peer', async () => {
    const own = putPrivate('k', '1');
    const foreign = putPrivate('k', '2', [network.peers[1]!, network.peers[2]!]);
    expect(await chain.commit(ledger, [foreign.envelope, own.envelope])).toEqual([
      'ENDORSEMENT_POLICY_FAILURE',
      'VALID',
    ]);
  });

  test('of an unknown organisation is refused', async () => {
    const set = (builder: ReadWriteSetBuilder) => builder.addPrivateWrite('demo', '_implicit_org_X', 'k', value('1'));
    expect(await chain.commit(ledger, [chain.transaction(set)])).toEqual(['ENDORSEMENT_POLICY_FAILURE']);
  });

  test('that was read in an older version is a conflict', async () => {
    const reading = () =>
      chain.transaction((set) => {
        const hash = ledger.state.hash('demo', collection, keyHash('k'));
        set.addPrivateRead('demo', collection, 'k', hash?.version);
      });
    await chain.commit(ledger, [putPrivate('k', '1').envelope]);
    const stale = reading();
    await chain.commit(ledger, [putPrivate('k', '2').envelope]);
    expect(await chain.commit(ledger, [stale, reading()])).toEqual(['MVCC_READ_CONFLICT', 'VALID']);
  });
});

describe('a transaction', () => {
  test('whose id stands in the chain already is a duplicate', async () => {
    const once = put('a', '1');
    expect(await chain.commit(ledger, [once])).toEqual(['VALID']);
    expect(await chain.commit(ledger, [once])).toEqual(['DUPLICATE_TXID']);
    expect(await chain.commit(ledger, [put('b', '1'), once, once])).toEqual([
      'VALID',
      'DUPLICATE_TXID',
      'DUPLICATE_TXID',
    ]);
  });

  test('twice in one block is a duplicate the second time', async () => {
    const once = put('a', '1');
    expect(await chain.commit(ledger, [once, once])).toEqual(['VALID', 'DUPLICATE_TXID']);
  });

  test('of another channel is not for this one', async () => {
    const set = new ReadWriteSetBuilder();
    const foreign = transactionOf(
      chain.client,
      { results: set.build().publicBytes, endorsers: network.peers },
      { channel: 'other' },
    );
    expect(await chain.commit(ledger, [foreign])).toEqual(['TARGET_CHAIN_NOT_FOUND']);
  });

  test('signed by nobody of the channel has a bad creator', async () => {
    const stranger = await (await TestAuthority.create('AMSP')).signer();
    const set = new ReadWriteSetBuilder();
    const results = set.build().publicBytes;
    expect(await chain.commit(ledger, [transactionOf(stranger, { results, endorsers: network.peers })])).toEqual([
      'BAD_CREATOR_SIGNATURE',
    ]);
  });
});

describe('peers', () => {
  test('that follow later reach the same commit hash', async () => {
    await chain.commit(ledger, [put('a', '1'), increment('a')]);
    await chain.commit(ledger, [put('b', '1')]);
    const other = await chain.ledger('BMSP');
    expect(other.height).toBe(ledger.height);
    expect(other.state.commitHash.length).toBeGreaterThan(0);
    expect(other.state.commitHash).toEqual(ledger.state.commitHash);
  });

  test('tell how a transaction ended, also to those who asked before', async () => {
    const envelope = put('a', '1');
    const id = parseTransaction(envelope).header!.transactionId;
    expect(ledger.status(id)).toBeUndefined();
    const waiting = ledger.waitFor(id, new AbortController().signal);
    await chain.commit(ledger, [envelope]);
    expect(await waiting).toEqual({ code: 0, block: 2 });
    expect(ledger.status(id)).toEqual({ code: 0, block: 2 });
  });

  test('stop waiting when the caller does', async () => {
    const controller = new AbortController();
    const waiting = ledger.waitFor('nothing', controller.signal);
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });
});
