/** Several fields as one run of bytes that can be read in one way only. */

const LENGTH_BYTES = 4;

/** Text as UTF-8, a whole number in decimal, bytes as they are. */
export type Field = string | number | Uint8Array;

/** For each field its length in bytes, four bytes big endian, and then its bytes. The label keeps uses apart. */
export function framed(label: string, ...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    [label, ...fields].flatMap((field) => {
      const bytes = typeof field === 'object' ? field : Buffer.from(String(field), 'utf8');
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
