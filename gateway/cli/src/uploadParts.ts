/** Cuts an upload of any size into parts that a gateway takes, between records. */
import { InvalidArgumentError } from 'commander';

/** Below the gateway's own limit for one upload, 32 MiB. */
const UPLOAD_PART_BYTES_MAX = 24 * 1024 * 1024;

const NEW_LINE = 0x0a;
const QUOTE = 0x22;

export type UploadPart = Readonly<{
  bytes: Uint8Array /** Lines of the file before the part's own first record. */;
  linesBefore: number;
}>;

/**
 * CSV parts begin with the file's head; a line end within quotes ends no record. NDJSON is cut at line ends.
 * @throws InvalidArgumentError for a record that is larger than a part
 */
export function uploadParts(
  bytes: Uint8Array,
  type: 'csv' | 'ndjson',
  partBytesMax = UPLOAD_PART_BYTES_MAX,
): UploadPart[] {
  const ends = recordEnds(bytes, type === 'csv');
  const head = type === 'csv' ? bytes.subarray(0, ends[0] ?? bytes.length) : new Uint8Array();
  const records = type === 'csv' ? ends.slice(1) : ends;
  const parts: UploadPart[] = [];
  let start = head.length;
  let end = start;
  let lines = linesIn(head);
  const flush = (): void => {
    if (end > start) {
      parts.push({ bytes: Buffer.concat([head, bytes.subarray(start, end)]), linesBefore: lines - linesIn(head) });
      lines += linesIn(bytes.subarray(start, end));
    }
    start = end;
  };
  for (const next of records) {
    if (next - start + head.length > partBytesMax) flush();
    if (next - start + head.length > partBytesMax)
      throw new InvalidArgumentError(`a record of more than ${partBytesMax} bytes`);
    end = next;
  }
  flush();
  return parts;
}

/** Where records end, each after its line end. */
function recordEnds(bytes: Uint8Array, isQuoted: boolean): number[] {
  const ends: number[] = [];
  let within = false;
  for (let k = 0; k < bytes.length; k++) {
    if (isQuoted && bytes[k] === QUOTE) within = !within;
    else if (bytes[k] === NEW_LINE && !within) ends.push(k + 1);
  }
  if (ends.at(-1) !== bytes.length) ends.push(bytes.length);
  return ends;
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === NEW_LINE) lines += 1;
  return lines;
}
