import { describe, expect, test } from '@jest/globals';
import { uploadParts } from './uploadParts.js';

const bytes = (text: string) => Buffer.from(text);
const texts = (text: string, type: 'csv' | 'ndjson', max: number) =>
  uploadParts(bytes(text), type, max).map((part) => Buffer.from(part.bytes).toString('utf8'));

describe('parts of an upload', () => {
  test('are one where it is small', () => {
    expect(texts('a,b\n1,2\n', 'csv', 100)).toEqual(['a,b\n1,2\n']);
    expect(texts('{}\n{}', 'ndjson', 100)).toEqual(['{}\n{}']);
  });

  test('are cut between records, each with the head of the table', () => {
    expect(texts('a,b\n1,2\n3,4\n5,6', 'csv', 12)).toEqual(['a,b\n1,2\n3,4\n', 'a,b\n5,6']);
    expect(texts('{"a":1}\n{"a":2}\n{"a":3}\n', 'ndjson', 16)).toEqual(['{"a":1}\n{"a":2}\n', '{"a":3}\n']);
  });

  test('are never cut within quotes', () => {
    const note = '"a note\nof two lines, ""quoted"""';
    expect(texts(`p,n\n1,${note}\n2,${note}\n`, 'csv', 45)).toEqual([`p,n\n1,${note}\n`, `p,n\n2,${note}\n`]);
  });

  test('know the line of the file that they begin at', () => {
    const parts = uploadParts(bytes('a,b\n1,"x\ny"\n3,4\n5,6\n'), 'csv', 13);
    expect(parts.map(({ bytes: part }) => Buffer.from(part).toString('utf8'))).toEqual([
      'a,b\n1,"x\ny"\n',
      'a,b\n3,4\n5,6\n',
    ]);
    // Line 2 of the second part is line 4 of the file.
    expect(parts.map(({ linesBefore }) => linesBefore)).toEqual([0, 2]);
  });

  test('refuse a record that is larger than a part, and give nothing of an empty file', () => {
    expect(() => uploadParts(bytes(`a\n${'x'.repeat(50)}\n`), 'csv', 20)).toThrow(/a record of more than 20 bytes/);
    expect(uploadParts(bytes(''), 'ndjson', 20)).toEqual([]);
  });
});
