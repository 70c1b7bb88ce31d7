/** A version of the model as its file holds it: canonical safetensors (https://github.com/huggingface/safetensors). */
import { must } from '../doubt.js';
import { canonicalText } from '../wire/canonicalText.js';

const LENGTH_BYTES = 8;
const ALIGNMENT_BYTES = 8;
const ELEMENT_BYTES = { F32: 4, F64: 8 } as const;

export type Tensor = Readonly<{ dtype: keyof typeof ELEMENT_BYTES; shape: readonly number[]; values: Float64Array }>;
export type Tensors = ReadonlyMap<string, Tensor>;

/** Values of F32 are held as doubles, which have each of them. @throws Doubt where the file is not canonical */
export function readVersion(file: Buffer): Tensors {
  must(file.length >= LENGTH_BYTES, 'a version file of less than its header’s length');
  const start = LENGTH_BYTES + Number(file.readBigUInt64LE(0));
  must(start <= file.length, 'a version file that ends in its header');
  const header: unknown = JSON.parse(file.subarray(LENGTH_BYTES, start).toString('utf8'));
  must(typeof header === 'object' && header !== null && !Array.isArray(header), 'a version file without a header');
  const tensors = new Map<string, Tensor>();
  let at = start;
  for (const name of Object.keys(header).sort()) {
    const { dtype, shape } = (header as Record<string, { dtype?: unknown; shape?: unknown } | null>)[name] ?? {};
    must(dtype === 'F32' || dtype === 'F64', `tensor ${name} has no known type`);
    must(Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size > 0), `shape of ${name}`);
    const count = shape.reduce((product: number, size: number) => product * size, 1);
    must(at + count * ELEMENT_BYTES[dtype] <= file.length, `tensor ${name} is cut off`);
    const values = new Float64Array(count);
    for (let k = 0; k < count; k++, at += ELEMENT_BYTES[dtype])
      values[k] = dtype === 'F32' ? file.readFloatLE(at) : file.readDoubleLE(at);
    must(values.every(Number.isFinite), `tensor ${name} holds NaN or Infinity`);
    tensors.set(name, { dtype, shape, values });
  }
  must(at === file.length, 'a version file with more in it than its tensors');
  must(headerOf(tensors).equals(file.subarray(0, start)), 'a version file whose header is not canonical');
  return tensors;
}

export function versionFile(tensors: Tensors): Buffer {
  const body = inOrder(tensors).map(([, { dtype, values }]) => {
    const bytes = Buffer.alloc(values.length * ELEMENT_BYTES[dtype]);
    for (let k = 0; k < values.length; k++)
      if (dtype === 'F32') bytes.writeFloatLE(values[k] as number, k * 4);
      else bytes.writeDoubleLE(values[k] as number, k * 8);
    return bytes;
  });
  return Buffer.concat([headerOf(tensors), ...body]);
}

function headerOf(tensors: Tensors): Buffer {
  let end = 0;
  const entries = inOrder(tensors).map(([name, { dtype, shape, values }]) => {
    const begin = end;
    end += values.length * ELEMENT_BYTES[dtype];
    return [name, { data_offsets: [begin, end], dtype, shape }] as const;
  });
  const text = Buffer.from(canonicalText(Object.fromEntries(entries)));
  const padding = Buffer.alloc((ALIGNMENT_BYTES - (text.length % ALIGNMENT_BYTES)) % ALIGNMENT_BYTES, ' ');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(text.length + padding.length));
  return Buffer.concat([length, text, padding]);
}

/** Names are ASCII. */
function inOrder(tensors: Tensors): [string, Tensor][] {
  return [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
}
