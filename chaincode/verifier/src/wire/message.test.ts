import { describe, expect, test } from '@jest/globals';
import { lengthField, Message } from './message.js';

const bytes = (...values: number[]) => Buffer.from(values);
const read = (content: Buffer) => new Message(content, 'it');

describe('a protocol message', () => {
  test('gives its fields by number, and what is absent as empty', () => {
    const message = read(Buffer.concat([bytes(0x08, 0x96, 0x01), lengthField(2, Buffer.from('text')), bytes(0x18, 1)]));
    expect([message.number(1), message.text(2), message.flag(3)]).toEqual([150, 'text', true]);
    expect([message.number(9), message.bytes(9).length, message.has(9)]).toEqual([0, 0, false]);
    expect(lengthField(1, Buffer.alloc(300)).subarray(0, 3)).toEqual(bytes(0x0a, 0xac, 0x02));
  });

  test.each([
    ['a number that is cut off', bytes(0x08, 0x96)],
    ['a text that is cut off', bytes(0x12, 5, 1, 2)],
    ['a number written longer than it is', bytes(0x08, 0x81, 0x00)],
    ['a number of eleven bytes', bytes(0x08, ...Array(10).fill(0xff), 1)],
    ['field number 0', bytes(0x00, 1)],
    ['an old group', bytes(0x0b, 0x0c)],
  ])('is refused with %s', (_, content) => {
    expect(() => read(content)).toThrow('it');
  });

  test('is refused where two decoders could understand it differently', () => {
    const twice = read(bytes(0x08, 1, 0x08, 2));
    expect(() => twice.number(1)).toThrow('field 1 stands 2 times');
    expect(() => read(lengthField(1, bytes(0xff))).text(1)).toThrow('not UTF-8');
    expect(() => read(bytes(0x08, 1)).bytes(1)).toThrow('is a number');
    expect(() => read(lengthField(1, bytes(1))).number(1)).toThrow('is no number');
    const entry = lengthField(1, lengthField(1, Buffer.from('key')));
    expect(() => read(Buffer.concat([entry, entry])).entries(1, 'entry')).toThrow('key stands twice');
  });
});
