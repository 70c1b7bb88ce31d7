import { canonicalJson } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalText, readBase64, readCanonical } from './canonicalText.js';

describe('canonical JSON', () => {
  test('is that of the domain', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(canonicalText(plain)).toBe(canonicalJson(plain));
        expect(readCanonical(Buffer.from(canonicalJson(plain)), 'it')).toEqual(plain);
      }),
    );
  });

  test.each([' {}', '{"b":1,"a":2}', '{"a":1,"a":1}', '[1.0]', '"\\u0041"', '1e2', '\ufeff{}', '{}\n', '[1e400]', ''])(
    'has one form: %j is refused',
    (text) => {
      expect(() => readCanonical(Buffer.from(text), 'it')).toThrow(/^it is not/);
    },
  );

  test('and bytes in base64 have one too', () => {
    expect(readBase64('AQI=', 'it')).toEqual(Buffer.of(1, 2));
    for (const text of ['AQI', 'AQJ=', 'AQI= ', 'AQI\n=', '-_==', 1])
      expect(() => readBase64(text, 'it')).toThrow('it is');
  });
});
