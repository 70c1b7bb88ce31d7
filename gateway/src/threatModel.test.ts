import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(REPOSITORY, 'gateway/docs/threat-model.md'), 'utf8');

/** The third cell of each row of its tables: files in backquotes, names of their tests in quotation marks. */
const CELLS = PAGE.split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| threat'))
  .map((line) => line.split('|')[3] as string);

describe('the threat model', () => {
  test.each(CELLS)('names tests that exist:%s', (cell) => {
    let source = '';
    const references = [...cell.matchAll(/`([^`]+)`|"([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(0);
    for (const [, file, name] of references) {
      if (file) {
        const path = join(REPOSITORY, /^(gateway|test)\//.test(file) ? file : `gateway/src/${file}`);
        expect([file, existsSync(path)]).toEqual([file, true]);
        source = readFileSync(path, 'utf8');
      }
      for (const part of name?.split('…') ?? []) expect(source).toContain(part.trim());
    }
  });
});
