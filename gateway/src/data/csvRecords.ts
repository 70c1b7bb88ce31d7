/** Rows of a CSV file (RFC 4180, any delimiter), read as a stream, each with the line that it begins on. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { ConsiliumError, refusal, type TopologyData } from '@consilium/domain';
import { CsvError, type Info, parse } from 'csv-parse';
import { BYTES_MAX, READ_MS_MAX, RECORD_BYTES_MAX } from './limits.js';

/** Where a hospital's rows are and how the file is read: `file` is absolute, or relative to the working folder. */
export type CsvSource = Readonly<TopologyData>;

export const DELIMITER_DEFAULT = ',';

export type CsvRecord = Readonly<{
  /** The line of the file, from 1, on which the record begins. */
  line: number;
  /** Trimmed values from left to right. */
  values: readonly string[];
}>;

/**
 * Reads records one by one. Empty lines are passed over and counted; a byte order mark, spaces around values and any
 * kind of line break are accepted.
 *
 * @throws ConsiliumError DATA_FILE_MISSING, DATA_TOO_LARGE; DATA_ROW_WIDTH where quotation marks do not pair. No error
 *   holds a value of the file, nor the parser's own error, which does.
 */
export async function* csvRecords(source: CsvSource, signal?: AbortSignal): AsyncGenerator<CsvRecord> {
  await checkFile(source.file);
  const deadline = AbortSignal.timeout(READ_MS_MAX);
  const bytes = createReadStream(source.file, { signal: signal ? AbortSignal.any([signal, deadline]) : deadline });
  const parser = parse({
    bom: true,
    delimiter: source.delimiter ?? DELIMITER_DEFAULT,
    info: true,
    max_record_size: RECORD_BYTES_MAX,
    raw: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    trim: true,
  });
  bytes.on('error', (error) => parser.destroy(error));
  bytes.pipe(parser);
  let line = 1;
  try {
    for await (const { record, raw } of parser as AsyncIterable<{ record: string[]; raw: string; info: Info }>) {
      if (record.some((value) => value !== '')) yield { line, values: record };
      line += linesIn(raw);
    }
  } catch (error) {
    throw readingRefusal(error, source.file, line);
  } finally {
    bytes.destroy();
    parser.destroy();
    await finished(bytes).catch(() => undefined);
  }
}

async function checkFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw refusal('DATA_FILE_MISSING', { file });
  if (found.size > BYTES_MAX)
    throw refusal('DATA_TOO_LARGE', { file, found: `${found.size} bytes`, max: `${BYTES_MAX} bytes` });
}

/** Lines that a record takes: one, and one more for each line break inside quotes. The parser's own count is off there. */
function linesIn(raw: string): number {
  const body = raw.replace(/(?:\r\n|\n|\r)$/, '');
  return 1 + (body.match(/\r\n|\n|\r/g)?.length ?? 0);
}

/** The parser's errors quote what they stumbled over, so only their codes are looked at. */
function readingRefusal(error: unknown, file: string, line: number): unknown {
  if (error instanceof CsvError) {
    if (error.code === 'CSV_MAX_RECORD_SIZE')
      return refusal('DATA_TOO_LARGE', {
        file,
        found: `a row of more than ${RECORD_BYTES_MAX} bytes from line ${line} on`,
        max: `${RECORD_BYTES_MAX} bytes`,
      });
    return new ConsiliumError(
      'DATA_ROW_WIDTH',
      `line ${line} of ${file} cannot be split into values: its quotation marks do not pair`,
    );
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  // Reading failed after the file was found: no permission, a drive that went away.
  return code === 'EACCES' || code === 'EPERM' || code === 'EIO' ? refusal('DATA_FILE_MISSING', { file }) : error;
}
