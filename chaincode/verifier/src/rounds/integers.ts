/** Vectors of a round: int32 in little endian, added modulo 2^32. */
import { must } from '../doubt.js';

export const ELEMENT_BYTES = 4;

/** @throws Doubt where the bytes are no whole elements */
export function elementsOf(bytes: Uint8Array): Int32Array {
  must(bytes.length % ELEMENT_BYTES === 0, `${bytes.length} bytes are no whole elements`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const elements = new Int32Array(bytes.length / ELEMENT_BYTES);
  for (let k = 0; k < elements.length; k++) elements[k] = view.getInt32(k * ELEMENT_BYTES, true);
  return elements;
}

export function bytesOf(elements: Int32Array): Buffer {
  const bytes = Buffer.alloc(elements.length * ELEMENT_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let k = 0; k < elements.length; k++) view.setInt32(k * ELEMENT_BYTES, elements[k] as number, true);
  return bytes;
}

/** Adds the elements of `bytes`, or takes them off, in place. */
export function addBytes(sum: Int32Array, bytes: Uint8Array, sign: 1 | -1 = 1, at = 0): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = bytes.length / ELEMENT_BYTES;
  // `| 0` takes what is beyond 32 bits off.
  for (let k = 0; k < count; k++)
    sum[at + k] = ((sum[at + k] as number) + sign * view.getInt32(k * ELEMENT_BYTES, true)) | 0;
}
