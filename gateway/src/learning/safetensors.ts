/**
 * Canonical safetensors: eight bytes of header length, the header as canonical JSON padded with spaces to a multiple of
 * eight bytes, then the tensors' bytes in byte order of their names, without gaps. One content has one form, so that its
 * SHA-256 can stand for it. Format: https://github.com/huggingface/safetensors.
 */
import { canonicalJson, refusal } from '@consilium/domain';

export const HEADER_BYTES_MAX = 1024 * 1024;
const LENGTH_BYTES = 8;
const ALIGNMENT_BYTES = 8;

/** Float32Array is stored as F32, Float64Array as F64; values row by row. */
export type FileTensor = Readonly<{ shape: readonly number[]; values: Float32Array | Float64Array }>;
type Kind = Readonly<{ dtype: 'F32' | 'F64'; shape: readonly number[] }>;

/** Names are ASCII, so that byte order is the order of JavaScript's comparison. */
export function writeSafetensors(tensors: ReadonlyMap<string, FileTensor>): Uint8Array {
  const ordered = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const header = canonicalHeader(
    ordered.map(([name, { shape, values }]) => [
      name,
      { dtype: values.BYTES_PER_ELEMENT === 4 ? 'F32' : 'F64', shape },
    ]),
  );
  const bodyBytes = ordered.reduce((sum, [, { values }]) => sum + values.byteLength, 0);
  const bytes = new Uint8Array(header.length + bodyBytes);
  bytes.set(header);
  let at = header.length;
  for (const [, { values }] of ordered) {
    bytes.set(littleEndian(values), at);
    at += values.byteLength;
  }
  return bytes;
}

/** @throws ConsiliumError VERSION_FILE_INVALID where the bytes are not what `writeSafetensors` makes of their content */
export function readSafetensors(bytes: Uint8Array): Map<string, FileTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < LENGTH_BYTES) throw invalid(`it has ${bytes.length} bytes`);
  const length = view.getBigUint64(0, true);
  if (length > HEADER_BYTES_MAX || LENGTH_BYTES + Number(length) > bytes.length)
    throw invalid(`its header would have ${length} bytes`);
  const bodyStart = LENGTH_BYTES + Number(length);
  const kinds = headerKinds(bytes.subarray(LENGTH_BYTES, bodyStart));
  const canonical = canonicalHeader(kinds);
  if (canonical.length !== bodyStart || canonical.some((byte, i) => byte !== bytes[i]))
    throw invalid('its header is not canonical');
  const tensors = new Map<string, FileTensor>();
  let at = bodyStart;
  for (const [name, { dtype, shape }] of kinds) {
    const elements = elementsOf(shape);
    const values = dtype === 'F32' ? new Float32Array(elements) : new Float64Array(elements);
    if (at + values.byteLength > bytes.length) throw invalid('it ends too early');
    littleEndian(values).set(bytes.subarray(at, at + values.byteLength));
    at += values.byteLength;
    tensors.set(name, { shape, values });
  }
  if (at !== bytes.length) throw invalid(`${bytes.length - at} bytes stand after its last tensor`);
  return tensors;
}

/** The bytes of values, as they lie in memory: every machine that runs this is little-endian, as a test says. */
function littleEndian({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function canonicalHeader(kinds: readonly (readonly [string, Kind])[]): Uint8Array {
  let offset = 0;
  const entries = kinds.map(([name, { dtype, shape }]) => {
    const start = offset;
    offset += elementsOf(shape) * (dtype === 'F32' ? 4 : 8);
    return [name, { data_offsets: [start, offset], dtype, shape }] as const;
  });
  const json = new TextEncoder().encode(canonicalJson(Object.fromEntries(entries)));
  const padded = Math.ceil(json.length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  const header = new Uint8Array(LENGTH_BYTES + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, LENGTH_BYTES);
  return header;
}

/** Reads no more than names, types and shapes: all else of a canonical header follows from them. */
function headerKinds(json: Uint8Array): (readonly [string, Kind])[] {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    throw invalid('its header is no JSON', cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw invalid('its header is no object');
  return Object.entries(header)
    .map(([name, entry]) => {
      const { dtype, shape } = (entry ?? {}) as Record<string, unknown>;
      if ((dtype !== 'F32' && dtype !== 'F64') || !isShape(shape))
        throw invalid(`tensor ${name} has no known type or shape`);
      return [name, { dtype, shape }] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function isShape(shape: unknown): shape is number[] {
  return (
    Array.isArray(shape) &&
    shape.every((size) => Number.isSafeInteger(size) && size > 0) &&
    Number.isSafeInteger(elementsOf(shape))
  );
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function invalid(problem: string, cause?: unknown): Error {
  return refusal('VERSION_FILE_INVALID', { problem }, { cause });
}
