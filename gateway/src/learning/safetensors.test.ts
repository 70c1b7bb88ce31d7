import { describe, expect, test } from '@jest/globals';
import { type FileTensor, readSafetensors, writeSafetensors } from './safetensors.js';

const CONTENT = new Map<string, FileTensor>([
  ['output/kernel', { shape: [2, 1], values: new Float32Array([1, -2]) }],
  ['average/count', { shape: [1], values: new Float64Array([0.1]) }],
]);
/** Opened by hand with Python's safetensors 0.8.0: average/count float64 (1,) [0.1]; output/kernel float32 (2, 1) [1, -2]. */
const HEADER =
  '{"average/count":{"data_offsets":[0,8],"dtype":"F64","shape":[1]},"output/kernel":{"data_offsets":[8,16],"dtype":"F32","shape":[2,1]}}';
const GOLDEN = Buffer.concat([
  Buffer.from([136, 0, 0, 0, 0, 0, 0, 0]),
  Buffer.from(HEADER.padEnd(136)),
  Buffer.from('9a9999999999b93f', 'hex'),
  Buffer.from('0000803f000000c0', 'hex'),
]);

/** The golden file with its header replaced. */
function withHeader(header: string): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), GOLDEN.subarray(-16)]);
}

describe('safetensors', () => {
  test('writes one form, whatever the order of the tensors', () => {
    expect(Buffer.from(writeSafetensors(CONTENT)).toString('hex')).toBe(GOLDEN.toString('hex'));
    expect(Buffer.from(writeSafetensors(new Map([...CONTENT].reverse()))).equals(GOLDEN)).toBe(true);
  });

  test('reads what it wrote, from any offset in memory', () => {
    const moved = Buffer.concat([Buffer.from([7]), GOLDEN]).subarray(1);
    const read = readSafetensors(moved);
    expect([...read.keys()]).toEqual(['average/count', 'output/kernel']);
    expect([...(read.get('output/kernel')?.values ?? [])]).toEqual([1, -2]);
    expect(read.get('output/kernel')?.shape).toEqual([2, 1]);
    expect([...(read.get('average/count')?.values ?? [])]).toEqual([0.1]);
  });

  test.each([
    ['nothing', new Uint8Array(0)],
    ['a length beyond its end', GOLDEN.subarray(0, 100)],
    ['too short a body', GOLDEN.subarray(0, GOLDEN.length - 1)],
    ['a byte after the end', Buffer.concat([GOLDEN, Buffer.from([0])])],
    ['a header that is no JSON', withHeader('{'.padEnd(136))],
    ['a header that is an array', withHeader('[]'.padEnd(136))],
    ['a header that is padded too much', withHeader(HEADER.padEnd(144))],
    [
      'members in another order',
      withHeader(HEADER.replace('"dtype":"F32","shape":[2,1]', '"shape":[2,1],"dtype":"F32"').padEnd(136)),
    ],
    ['another type', withHeader(HEADER.replace('F64', 'I64').padEnd(136))],
    ['a gap', withHeader(HEADER.replace('[8,16]', '[9,17]').padEnd(136))],
    ['a shape that is not whole', withHeader(HEADER.replace('[2,1]', '[2,.5]').padEnd(136))],
    ['metadata', withHeader(`{"__metadata__":{"a":"b"},${HEADER.slice(1)}`.padEnd(168))],
  ])('refuses %s', (_, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(/^VERSION_FILE_INVALID/);
  });
});
