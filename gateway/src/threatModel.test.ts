import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/**
 * The last cell of each row of a page's tables that end with a column of tests: files in backquotes, names of their tests
 * in quotation marks.
 */
function cellsOf(page: string): string[] {
  const tables = readFileSync(join(REPOSITORY, 'gateway/docs', page), 'utf8').split(/\n(?!\|)/);
  return tables.flatMap((text) => {
    const [head = '', , ...rows] = text.split('\n').filter((line) => line.startsWith('| ') || line.startsWith('|-'));
    if (!/\| (?:test that attacks|held by) \|$/.test(head)) return [];
    return rows.map((row) => row.split('|').at(-2) as string);
  });
}

describe.each(['threat-model.md', 'privacy.md', 'differential-privacy.md'])('%s', (page) => {
  test.each(cellsOf(page))('names tests that exist:%s', (cell) => {
    let source = '';
    const references = [...cell.matchAll(/`([^`]+)`|"([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(0);
    for (const [, file, name] of references) {
      if (file) {
        const path = join(REPOSITORY, /^(chaincode|gateway|test)\//.test(file) ? file : `gateway/src/${file}`);
        expect([file, existsSync(path)]).toEqual([file, true]);
        source = readFileSync(path, 'utf8');
      }
      for (const part of name?.split('…') ?? []) expect(source).toContain(part.trim());
    }
  });
});
