/** A pack's entries, and whether each was looked at: what nobody reads has no business in it. */
import { Doubt } from '../doubt.js';
import { readCanonical } from '../wire/canonicalText.js';

export class Entries {
  readonly #contents: ReadonlyMap<string, Buffer>;
  readonly #read = new Set<string>();

  constructor(contents: ReadonlyMap<string, Buffer>) {
    this.#contents = contents;
  }

  has(name: string): boolean {
    return this.#contents.has(name);
  }

  /** Canonical JSON. @throws Doubt where it is not there, or none */
  json(name: string): unknown {
    const content = this.#contents.get(name);
    if (!content) throw new Doubt(`${name} is missing`);
    this.#read.add(name);
    return readCanonical(content, name);
  }

  /** All entries of a folder, with their whole names. */
  under(folder: string): [name: string, content: Buffer][] {
    const found = [...this.#contents].filter(([name]) => name.startsWith(`${folder}/`));
    for (const [name] of found) this.#read.add(name);
    return found;
  }

  unread(): string[] {
    return [...this.#contents.keys()].filter((name) => !this.#read.has(name));
  }
}
