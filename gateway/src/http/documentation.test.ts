/** The page about the REST interface names every route that there is, and none that there is not. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROUTES } from './routes/index.js';

const DOCS = resolve(import.meta.dirname, '../../docs');
const read = (name: string) => readFileSync(resolve(DOCS, name), 'utf8');
const ROUTE = /`((?:GET|POST|DELETE|PUT|PATCH) \/[^`?]*)(?:\?[^`]*)?`/g;

test('every route is documented once', () => {
  const rows = read('rest-api.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => [...row.matchAll(ROUTE)].map(([, route]) => route as string));
  expect(named.toSorted()).toEqual([...ROUTES].toSorted());
});

test('what the officer’s desk names below /consents is there', () => {
  const named = [...read('officer-desk.md').matchAll(ROUTE)].flatMap(([, route = '']) =>
    route.endsWith('…') ? [] : [route],
  );
  expect(named.length).toBeGreaterThan(20);
  const known = ROUTES.map((route) => route.replace(' /consents', ' '));
  for (const route of named) {
    const pattern = new RegExp(
      `^${route
        .replace(/ \/consents/, ' ')
        .replace(/\/(?!:)[^/]*\.(json|csv|html)[^/]*$/, '/:file')
        .replace(/[.$()|]/g, '\\$&')}$`,
    );
    expect([route, known.some((each) => pattern.test(each))]).toEqual([route, true]);
  }
});
