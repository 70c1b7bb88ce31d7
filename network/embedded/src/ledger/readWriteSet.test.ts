import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../wire/bytes.js';
import { ledger } from '../wire/proto.js';
import { keyReadMessage, RangeReads } from './rangeReads.js';
import { parseReadWriteSet } from './readWriteSet.js';
import { ReadWriteSetBuilder } from './readWriteSetBuilder.js';

const VERSION = { block: 7, transaction: 2 };

describe('a read-write set', () => {
  test('comes out as it went in, in the order of its keys', () => {
    const set = new ReadWriteSetBuilder();
    set.addWrite('demo', 'b', Buffer.from('2'));
    set.addWrite('demo', 'a', undefined);
    set.addRead('demo', 'z', undefined);
    set.addRead('demo', 'y', VERSION);
    set.addMetadataWrite('demo', 'm', new Map([['VALIDATION_PARAMETER', Buffer.from('p')]]));
    set.addRead('_lifecycle', 'k', VERSION);
    const reads = new RangeReads();
    reads.add({ key: 'r', version: VERSION });
    set.addRange('demo', { startKey: 'q', endKey: 's', exhausted: true, ...reads.finish() });
    const parsed = parseReadWriteSet(set.build().publicBytes);
    expect(parsed?.map((each) => each.namespace)).toEqual(['_lifecycle', 'demo']);
    expect(parsed?.[1]).toEqual({
      namespace: 'demo',
      reads: [
        { key: 'y', version: VERSION },
        { key: 'z', version: undefined },
      ],
      ranges: [
        { startKey: 'q', endKey: 's', exhausted: true, reads: [{ key: 'r', version: VERSION }], summary: undefined },
      ],
      writes: [
        { key: 'a', value: undefined },
        { key: 'b', value: Buffer.from('2') },
      ],
      metadataWrites: [{ key: 'm', entries: new Map([['VALIDATION_PARAMETER', Buffer.from('p')]]) }],
      collections: [],
    });
  });

  test('sorts keys by their UTF-8 bytes, as peers in Go do', () => {
    const set = new ReadWriteSetBuilder();
    for (const key of ['\u{10ffff}', '\uffff', 'a']) set.addWrite('demo', key, Buffer.from('1'));
    const keys = parseReadWriteSet(set.build().publicBytes)?.[0]?.writes.map((each) => each.key);
    expect(keys).toEqual(['a', '\uffff', '\u{10ffff}']);
  });

  // What a peer of Fabric 3.1.5 answered for the same private write.
  test('hashes private data as Fabric does', () => {
    const set = new ReadWriteSetBuilder();
    set.addPrivateWrite('demo', '_implicit_org_Org1MSP', 'zs', Buffer.from('same'));
    const { publicBytes, privateSets } = set.build();
    const message = ledger.rwset.TxReadWriteSet.deserializeBinary(publicBytes).getNsRwsetList()[0];
    const collection = message?.getCollectionHashedRwsetList()[0];
    expect(collection?.getPvtRwsetHash_asB64()).toBe('ewqL1q+nRzxyt2/BVv1Qe8umcYCuph2ke++MY3+UTvU=');
    const hashed = ledger.rwset.kvrwset.HashedRWSet.deserializeBinary(collection!.getHashedRwset_asU8());
    const write = hashed.getHashedWritesList()[0];
    expect(write?.getKeyHash_asB64()).toBe('y94CiuKgI/5XQYUK9WJFui5lOpY4WOF+xj0VabDbsIk=');
    expect(write?.getValueHash_asB64()).toBe('CWcRXygTo1Qervd96dnVdz8cDAQxSwu/5P87OxxVtdU=');
    expect(sha256(privateSets[0]!.bytes).toString('base64')).toBe(collection?.getPvtRwsetHash_asB64());
  });

  test('hashes a private deletion as Fabric does, and never shows key or value', () => {
    const set = new ReadWriteSetBuilder();
    set.addPrivateWrite('demo', '_implicit_org_Org1MSP', 'zs', undefined);
    const { publicBytes } = set.build();
    const message = ledger.rwset.TxReadWriteSet.deserializeBinary(publicBytes).getNsRwsetList()[0];
    const collection = message?.getCollectionHashedRwsetList()[0];
    expect(collection?.getPvtRwsetHash_asB64()).toBe('zKwpJyhZOIvt2DdZh/NEE0X72R57P3YA8Hohr0AE2io=');
    expect(publicBytes.includes('zs')).toBe(false);
  });

  test('takes an empty value for a deletion', () => {
    const set = new ReadWriteSetBuilder();
    set.addWrite('demo', 'a', Buffer.alloc(0));
    expect(parseReadWriteSet(set.build().publicBytes)?.[0]?.writes).toEqual([{ key: 'a', value: undefined }]);
  });

  test('is refused where it is damaged', () => {
    expect(parseReadWriteSet(Buffer.from('ffff', 'hex'))).toBeUndefined();
    const nested = new ledger.rwset.TxReadWriteSet();
    const namespace = new ledger.rwset.NsReadWriteSet();
    namespace.setRwset(Buffer.from('ffff', 'hex'));
    nested.setNsRwsetList([namespace]);
    expect(parseReadWriteSet(nested.serializeBinary())).toBeUndefined();
  });
});

describe('the results of a range', () => {
  const read = (index: number) => ({ key: `k${index}`, version: { block: index, transaction: 0 } });
  const summarise = (count: number, degreeMax: number) => {
    const reads = new RangeReads(degreeMax);
    for (let index = 0; index < count; index++) reads.add(read(index));
    return reads.finish();
  };

  test('are kept one by one up to the limit', () => {
    expect(summarise(50, 50)).toMatchObject({ summary: undefined });
    expect(summarise(50, 50).reads).toHaveLength(50);
  });

  test('become a summary beyond it', () => {
    const { reads, summary } = summarise(51, 50);
    expect(reads).toEqual([]);
    expect(summary).toMatchObject({ degreeMax: 50, level: 1 });
    expect(summary?.hashes).toHaveLength(1);
  });

  // Degree 3: four results make a hash of level 1, four hashes one of the next level.
  test.each([
    [4, 1, 1],
    [5, 1, 2],
    [12, 1, 3],
    [13, 2, 1],
    [16, 2, 1],
    [17, 2, 2],
    [64, 3, 1],
    [65, 3, 2],
  ])('%i results of degree 3 end at level %i with %i hashes', (count, level, hashes) => {
    const { summary } = summarise(count, 3);
    expect(summary?.level).toBe(level);
    expect(summary?.hashes).toHaveLength(hashes);
  });

  test('that are left over rise as they are, alone or hashed together', () => {
    const reads = (from: number, to: number) => {
      const message = new ledger.rwset.kvrwset.QueryReads();
      message.setKvReadsList(Array.from({ length: to - from }, (_, index) => keyReadMessage(read(from + index))));
      return sha256(message.serializeBinary());
    };
    const whole = sha256(reads(0, 4), reads(4, 8), reads(8, 12), reads(12, 16));
    expect(summarise(17, 3).summary?.hashes).toEqual([whole, reads(16, 17)]);
    expect(summarise(21, 3).summary?.hashes).toEqual([whole, sha256(reads(16, 20), reads(20, 21))]);
  });

  test('with one other version have another summary', () => {
    const reads = new RangeReads(3);
    for (let index = 0; index < 20; index++) {
      reads.add(index === 11 ? { key: 'k11', version: { block: 999, transaction: 0 } } : read(index));
    }
    expect(reads.finish().summary).not.toEqual(summarise(20, 3).summary);
  });
});
