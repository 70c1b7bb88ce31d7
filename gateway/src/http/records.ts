/** Records of the channel, parsed, each with the transaction that wrote it. */
import type { RecordedAt } from '@consilium/client/resources';
import { keyRange, recordUnder } from '@consilium/domain';
import type { LedgerReadings } from './ports.js';

type Shape<T> = Readonly<{ parse(value: unknown): T }>;

/** What a record says, and where it stands. */
export type Recorded<T> = T & { record: RecordedAt };

export class Records {
  readonly #readings: LedgerReadings;
  /** By the very object: a mirror that keeps its objects has each parsed once. */
  readonly #parsed = new WeakMap<object, unknown>();

  constructor(readings: LedgerReadings) {
    this.#readings = readings;
  }

  /** Grows with every change of the state. */
  height(): number {
    return this.#readings.height();
  }

  get<T extends object>(shape: Shape<T>, key: string): Recorded<T> | undefined {
    const value = this.#readings.get(key);
    return value === undefined ? undefined : this.#recorded(shape, key, value);
  }

  /** Records whose keys begin with these parts and go on, in the byte order of their keys. */
  list<T extends object>(shape: Shape<T>, ...parts: (string | number)[]): Recorded<T>[] {
    return this.entries(...parts).map(({ key, value }) => this.#recorded(shape, key, value));
  }

  entries(...parts: (string | number)[]): Array<{ key: string; value: unknown }> {
    const { start, end } = keyRange(...parts);
    return this.#readings.range(start, end);
  }

  parse<T>(shape: Shape<T>, key: string, value: unknown): T {
    if (typeof value !== 'object' || value === null) return shape.parse(value);
    const known = this.#parsed.get(value) as T | undefined;
    if (known !== undefined) return known;
    const made = recordUnder(shape, key, value);
    this.#parsed.set(value, made);
    return made;
  }

  #recorded<T extends object>(shape: Shape<T>, key: string, value: unknown): Recorded<T> {
    const record = this.#readings.recordOf(key);
    if (!record) throw new Error(`the mirror has ${key} without its transaction`);
    return { ...this.parse(shape, key, value), record };
  }
}
