/** Reads an upload of consents line by line: CSV with a head, NDJSON, or a JSON array. */
import { Readable } from 'node:stream';
import { Instant, refusal } from '@consilium/domain';
import { CsvError, parse } from 'csv-parse';

export type ImportFormat = 'csv' | 'ndjson' | 'json';
/** `value`: an order as it may be written, not checked yet; undefined where the line cannot be read at all. */
export type ImportLine = Readonly<{ line: number; value: unknown }>;

/** Bytes of one line. */
const LINE_BYTES_MAX = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** Columns of CSV. Lists are separated by spaces; see `termsIn` for terms. */
const COLUMNS = [
  'patient',
  'kind',
  'reason',
  'meaning',
  'terms',
  'dataClasses',
  'policyVersion',
  'validFrom',
  'validTo',
  'effectiveFrom',
  'evidenceSource',
  'evidenceHash',
  'note',
] as const;
type Cells = Partial<Record<(typeof COLUMNS)[number], string>>;

/** The format that a content type names. */
export function importFormatOf(contentType: string | undefined): ImportFormat {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === 'text/csv') return 'csv';
  if (type === 'application/x-ndjson') return 'ndjson';
  if (type === 'application/json') return 'json';
  throw refusal('INPUT_INVALID', { problems: 'content-type: text/csv, application/x-ndjson or application/json' });
}

/** @throws ConsiliumError INPUT_INVALID where the upload as a whole cannot be read */
export async function* importLines(format: ImportFormat, bytes: Buffer): AsyncGenerator<ImportLine, void, void> {
  if (format === 'csv') yield* csvLines(bytes);
  else if (format === 'ndjson') yield* jsonLines(bytes);
  else yield* arrayItems(bytes);
}

async function* csvLines(bytes: Buffer): AsyncGenerator<ImportLine, void, void> {
  const parser = Readable.from(chunks(bytes)).pipe(
    parse({
      bom: true,
      columns: knownColumns,
      info: true,
      max_record_size: LINE_BYTES_MAX,
      skip_empty_lines: true,
      trim: false,
    }),
  );
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Cells; info: { lines: number } }>)
      yield { line: info.lines, value: orderOf(record) };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The parser's own words quote the line: only where and what kind.
    throw refusal('INPUT_INVALID', { problems: `CSV, line ${Number(error.lines) || 1}: ${error.code}` });
  }
}

function* chunks(bytes: Buffer): Generator<Buffer, void, void> {
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) yield bytes.subarray(start, start + CHUNK_BYTES);
}

/** @throws ConsiliumError INPUT_INVALID for a head that is none */
function knownColumns(head: readonly string[]): string[] {
  const names = head.map((name) => name.trim());
  const known: readonly string[] = COLUMNS;
  const unknown = names.filter((name) => !known.includes(name)).length;
  if (unknown > 0 || new Set(names).size < names.length || !names.includes('patient') || !names.includes('kind'))
    throw refusal('INPUT_INVALID', { problems: `CSV, line 1: the columns are ${COLUMNS.join(', ')}, each once` });
  return names;
}

/** Empty cells are left out. */
function orderOf(cells: Cells): unknown {
  const given = Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== '')) as Cells;
  const { terms, dataClasses, policyVersion, validFrom, validTo, effectiveFrom, evidenceSource, evidenceHash } = given;
  const { patient, kind, reason, meaning, note } = given;
  return {
    ...defined({ patient, kind, reason, meaning, note }),
    ...(terms === undefined ? {} : { terms: termsIn(terms) }),
    ...(dataClasses === undefined ? {} : { dataClasses: dataClasses.trim().split(/\s+/) }),
    ...(policyVersion === undefined ? {} : { policyVersion: numberIn(policyVersion) }),
    ...defined({
      validFrom: instantIn(validFrom),
      validTo: instantIn(validTo),
      effectiveFrom: instantIn(effectiveFrom),
    }),
    ...(evidenceSource === undefined && evidenceHash === undefined
      ? {}
      : { evidence: { source: evidenceSource, hash: evidenceHash } }),
  };
}

function defined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** `DUO:0000042; DUO:0000007=MONDO:0004994|MONDO:0005068`: terms by `;`, values of a term after `=`, by `|`. */
function termsIn(text: string): unknown {
  return text.split(';').map((term) => {
    const [code = '', values] = term.split('=', 2);
    return { code: code.trim(), values: values === undefined ? [] : values.split('|').map((value) => value.trim()) };
  });
}

function numberIn(text: string): unknown {
  return /^\d{1,10}$/.test(text) ? Number(text) : text;
}

/** RFC 3339, a date (its first moment in UTC), or milliseconds since 1970. What is none is left for the check to name. */
function instantIn(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (/^\d{5,16}$/.test(text)) return Number(text);
  const at = /^\d{4}-\d\d-\d\d(T[\d:.]{5,12}(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  return Instant.safeParse(at).success ? at : text;
}

async function* jsonLines(bytes: Buffer): AsyncGenerator<ImportLine, void, void> {
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    line += 1;
    const text = end - start > LINE_BYTES_MAX ? undefined : bytes.toString('utf8', start, end).trim();
    if (text !== '') yield { line, value: text === undefined ? undefined : jsonIn(text) };
    start = end + 1;
  }
}

async function* arrayItems(bytes: Buffer): AsyncGenerator<ImportLine, void, void> {
  const value = jsonIn(bytes.toString('utf8'));
  if (!Array.isArray(value)) throw refusal('INPUT_INVALID', { problems: 'body: a JSON array of orders' });
  for (const [index, item] of value.entries()) yield { line: index + 1, value: item };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
