/** A writer and reader for single protobuf fields, where a generated message is missing or would be wasteful. */

/** A length-delimited field (bytes, string, message). `number` is below 16. */
export function bytesField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | 2), varint(bytes.length), bytes]);
}

/** A varint field (integers, booleans). `number` is below 16. */
export function varintField(number: number, value: number): Buffer {
  return Buffer.concat([Buffer.of(number << 3), varint(value)]);
}

/** Base-128 varint of a non-negative integer. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/**
 * Reads a message that is nothing but one repeated length-delimited field (such as `BlockData`), without copying. Throws
 * an Error where the bytes are anything else.
 */
export function readRepeated(bytes: Buffer, number: number): Buffer[] {
  const values: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== ((number << 3) | 2)) throw new Error(`unexpected field at byte ${at}`);
    const length = readVarint(bytes, at + 1);
    const end = length.end + length.value;
    if (end > bytes.length) throw new Error(`field at byte ${at} is cut off`);
    values.push(bytes.subarray(length.end, end));
    at = end;
  }
  return values;
}

function readVarint(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  let factor = 1;
  for (let at = start; at < start + 7; at++) {
    const byte = bytes[at];
    if (byte === undefined) break;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, end: at + 1 };
    factor *= 0x80;
  }
  throw new Error(`no length at byte ${start}`);
}
