import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EventParser, type StreamedEvent } from './eventStream.js';

const parse = (...pieces: string[]): StreamedEvent[] => {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

describe('a stream of events', () => {
  test('is read by the fields of the standard', () => {
    expect(parse('retry:1000\n\n', ': comment\n', 'event: ledger\nid: a-1\ndata: {"x":\ndata: 1}\n\n')).toEqual([
      { id: 'a-1', event: 'ledger', text: '{"x":\n1}' },
    ]);
  });

  test('keeps the last id, forgets the name, and passes over events without data', () => {
    expect(parse('id:7\nevent:x\ndata:1\n\nevent:y\n\ndata:2\n\nunfinished')).toEqual([
      { id: '7', event: 'x', text: '1' },
      { id: '7', event: 'message', text: '2' },
    ]);
  });

  test('means the same however its bytes are cut', () => {
    const text = 'id:1\nevent:agent\ndata:{"a":"ü"}\n\n:keep\nid:2\ndata:\n\ndata:x\ndata:y\n\n';
    const whole = parse(text);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        expect(parse(...at.slice(1).map((end, k) => text.slice(at[k], end)))).toEqual(whole);
      }),
    );
  });

  test('without an end is not collected for ever', () => {
    expect(() => parse('data:', 'x'.repeat(17 * 1024 * 1024))).toThrow(RangeError);
  });
});
