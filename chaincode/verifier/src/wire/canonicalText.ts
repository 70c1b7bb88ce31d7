/** JSON that stands in its one canonical form (RFC 8785): a second implementation, so that no fault is shared. */
import { Doubt, must } from '../doubt.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws Doubt where the bytes are not canonical JSON */
export function readCanonical(bytes: Uint8Array, what: string): unknown {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new Doubt(`${what} is not JSON`);
  }
  must(text === canonicalText(value), `${what} is not canonical JSON`);
  return value;
}

export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'string') must(value.isWellFormed(), 'a text with lone surrogates');
    return JSON.stringify(value);
  }
  // The default order of `sort` is that of UTF-16 units, as the standard has it.
  const names = Object.keys(value).sort();
  const members = names.map((name) => `${JSON.stringify(name)}:${canonicalText(value[name as keyof typeof value])}`);
  return `{${members.join(',')}}`;
}

/** Bytes in base64, in the one form that stands for them. @throws Doubt */
export function readBase64(text: unknown, what: string): Buffer {
  must(typeof text === 'string', `${what} is no text`);
  const bytes = Buffer.from(text, 'base64');
  must(bytes.toString('base64') === text, `${what} is not base64`);
  return bytes;
}
