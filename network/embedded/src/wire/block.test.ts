import { describe, expect, test } from '@jest/globals';
import { blockMessage, dataHashOf, headerHash, packEnvelopes, unpackEnvelopes } from './block.js';

describe('a block', () => {
  test('has the hash of the DER form of its header', () => {
    const header = { number: 1, previousHash: Buffer.alloc(2, 1), dataHash: Buffer.alloc(2, 2) };
    // SEQUENCE { INTEGER 1, OCTET STRING 0101, OCTET STRING 0202 }
    const der = Buffer.from('300b0201010402010104020202', 'hex');
    expect(headerHash(header)).toEqual(dataHashOf([der]));
  });

  test('gives its envelopes back', () => {
    const envelopes = [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(70_000, 7)];
    expect(unpackEnvelopes(packEnvelopes(envelopes)).map(String)).toEqual(envelopes.map(String));
  });

  test('packs envelopes as the message does', () => {
    const envelopes = [Buffer.from('a'), Buffer.alloc(300, 1)];
    const block = {
      number: 3,
      previousHash: Buffer.alloc(32, 1),
      dataHash: dataHashOf(envelopes),
      envelopes,
      signatures: Buffer.from('s'),
    };
    const message = blockMessage(block, Uint8Array.of(0, 11), Buffer.from('c'));
    expect(packEnvelopes(envelopes)).toEqual(Buffer.from(message.getData()!.serializeBinary()));
    expect(
      message
        .getMetadata()!
        .getMetadataList_asU8()
        .map((each) => each.length),
    ).toEqual([1, 0, 2, 0, 1]);
  });

  test.each([
    ['cut off', '0a0561'],
    ['another field', '120161'],
    ['no length', '0a'],
  ])('refuses content that is %s', (_, hex) => {
    expect(() => unpackEnvelopes(Buffer.from(hex, 'hex'))).toThrow();
  });
});
