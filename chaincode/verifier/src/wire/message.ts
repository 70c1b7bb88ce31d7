/**
 * Reads Protocol Buffers, as far as Fabric's messages need it (https://protobuf.dev/programming-guides/encoding). Stricter
 * than a usual decoder: what two decoders could understand differently is refused.
 */
import { Doubt, must } from '../doubt.js';

type Field = Readonly<{ number: number; value: bigint | Buffer }>;

const [VARINT, FIXED64, LENGTH, FIXED32] = [0, 1, 2, 5];
const VARINT_BYTES_MAX = 10;
/** Every nesting costs a byte at least, but no message of Fabric's is deeper than a few dozen. */
export const NESTING_MAX = 64;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** One message: its fields by number. A field that stands once may not stand twice. */
export class Message {
  readonly #fields: readonly Field[];
  readonly #what: string;

  /** @param what how a Doubt calls it */
  constructor(bytes: Uint8Array, what: string) {
    this.#what = what;
    this.#fields = read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), what);
  }

  has(number: number): boolean {
    return this.#fields.some((field) => field.number === number);
  }

  /** Empty where it is absent. */
  bytes(number: number): Buffer {
    const value = this.#single(number) ?? Buffer.alloc(0);
    must(typeof value !== 'bigint', `${this.#what}: field ${number} is a number`);
    return value;
  }

  text(number: number): string {
    return this.#decoded(this.bytes(number));
  }

  /** 0 where it is absent. */
  number(number: number): number {
    const value = this.#single(number) ?? 0n;
    must(typeof value === 'bigint', `${this.#what}: field ${number} is no number`);
    must(value <= BigInt(Number.MAX_SAFE_INTEGER), `${this.#what}: field ${number} is too large`);
    return Number(value);
  }

  flag(number: number): boolean {
    return this.number(number) !== 0;
  }

  /** @throws Doubt where it is absent */
  message(number: number, what: string): Message {
    must(this.has(number), `${this.#what} has no ${what}`);
    return new Message(this.bytes(number), what);
  }

  all(number: number): Buffer[] {
    return this.#fields
      .filter((field) => field.number === number)
      .map(({ value }) => {
        must(typeof value !== 'bigint', `${this.#what}: field ${number} is a number`);
        return value;
      });
  }

  texts(number: number): string[] {
    return this.all(number).map((bytes) => this.#decoded(bytes));
  }

  messages(number: number, what: string): Message[] {
    return this.all(number).map((bytes) => new Message(bytes, what));
  }

  /** A map from texts to messages. */
  entries(number: number, what: string): Map<string, Message> {
    const found = new Map<string, Message>();
    for (const entry of this.messages(number, `${what}: an entry`)) {
      const key = entry.text(1);
      must(!found.has(key), `${this.#what}: ${what} ${key} stands twice`);
      found.set(key, new Message(entry.bytes(2), `${what} ${key}`));
    }
    return found;
  }

  #single(number: number): bigint | Buffer | undefined {
    const values = this.#fields.filter((field) => field.number === number);
    must(values.length <= 1, `${this.#what}: field ${number} stands ${values.length} times`);
    return values[0]?.value;
  }

  #decoded(bytes: Buffer): string {
    try {
      return utf8.decode(bytes);
    } catch {
      throw new Doubt(`${this.#what}: a text that is not UTF-8`);
    }
  }
}

/** A field of bytes, as encoders write it. */
export function lengthField(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | LENGTH), varint(content.length), content]);
}

/** @param value a whole number, not negative */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 0x80)) {
    bytes.push(left > 0x7f ? (left % 0x80) | 0x80 : left);
    if (left <= 0x7f) return Buffer.from(bytes);
  }
}

function read(bytes: Buffer, what: string): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const number64 = (): bigint => {
    let value = 0n;
    for (let count = 0; count < VARINT_BYTES_MAX; count++) {
      const byte = bytes[at];
      must(byte !== undefined, `${what} is cut off`);
      at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 0x80) {
        must(byte !== 0 || count === 0, `${what}: a number is written longer than it is`);
        return value;
      }
    }
    throw new Doubt(`${what}: a number of more than ${VARINT_BYTES_MAX} bytes`);
  };
  const take = (length: number): Buffer => {
    must(at + length <= bytes.length, `${what} is cut off`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = number64();
    const number = Number(tag >> 3n);
    const type = Number(tag & 7n);
    must(number > 0 && number < 2 ** 29, `${what}: no field number`);
    if (type === VARINT) fields.push({ number, value: number64() });
    else if (type === LENGTH) fields.push({ number, value: take(Number(number64())) });
    else if (type === FIXED32) fields.push({ number, value: take(4) });
    else if (type === FIXED64) fields.push({ number, value: take(8) });
    else throw new Doubt(`${what}: wire type ${type}`);
  }
  return fields;
}
