import { canonicalDigest, canonicalJson } from '@consilium/domain';
import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalize } from 'json-canonicalize';

const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 5 });

/** The same value with the members of every object in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).reverse();
  return Object.fromEntries(members.map(([name, member]) => [name, reversed(member)]));
}

describe('canonical JSON of any value', () => {
  test('is what an independent implementation of RFC 8785 writes', () => {
    fc.assert(
      fc.property(json, (value) => canonicalJson(value) === canonicalize(value)),
      { numRuns: 2_000 },
    );
  });

  test('is JSON of the same value, and canonical already', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        return canonicalJson(JSON.parse(text)) === text && JSON.stringify(JSON.parse(text)).length === text.length;
      }),
      { numRuns: 2_000 },
    );
  });

  test('does not depend on the order in which members were set', () => {
    fc.assert(fc.property(json, (value) => canonicalDigest(reversed(value)) === canonicalDigest(value)));
  });

  test('differs for numbers that differ', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(fc.property(number, number, (a, b) => (canonicalJson(a) === canonicalJson(b)) === (a === b)));
  });
});
