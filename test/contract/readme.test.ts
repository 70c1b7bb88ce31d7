/** The contract's README has a row for every transaction and query, and none of another. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { commands, queries } from '@consilium/domain';
import { expect, test } from '@jest/globals';

test('names every transaction and query once', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../chaincode/contract/README.md'), 'utf8');
  const named = text
    .split('\n')
    .filter((line) => /^\| `\w+Contract:/.test(line))
    .flatMap((row) => {
      let contract = '';
      return [...(row.split('|')[1] ?? '').matchAll(/`(?:(\w+):)?(\w+)`/g)].map(([, of, name]) => {
        contract = of ?? contract;
        return `${contract}:${name}`;
      });
    });
  expect(named.toSorted()).toEqual([...Object.keys(commands), ...Object.keys(queries)].toSorted());
});
