/** What a command prints: a table or lines for people, JSON for programs. */
import { textTable } from '@consilium/client/text';

export class Output {
  readonly #json: boolean;
  readonly #write: (text: string) => void;

  constructor(json: boolean, write: (text: string) => void) {
    this.#json = json;
    this.#write = write;
  }

  /** Prints `value` as JSON where that was asked for, else what `show` makes of it. */
  show<Value>(value: Value, show: (value: Value) => string): void {
    this.#write(`${this.#json ? JSON.stringify(value, null, 2) : show(value)}\n`);
  }

  /** A list as a table with one row an item. */
  table<Item>(items: readonly Item[], head: readonly string[], row: (item: Item) => readonly string[]): void {
    this.show(items, (all) => (all.length === 0 ? 'none' : textTable(head, all.map(row))));
  }
}

/** Named values, one a line. */
export function fields(values: Readonly<Record<string, string | number | boolean | null>>): string {
  const width = Math.max(...Object.keys(values).map((name) => name.length));
  return Object.entries(values)
    .map(([name, value]) => `${name.padEnd(width)}  ${value ?? '-'}`)
    .join('\n');
}
