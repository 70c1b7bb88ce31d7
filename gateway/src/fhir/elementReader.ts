/**
 * Reads an element of a valid resource piece by piece, and remembers what nobody asked for: what is not understood is
 * refused by its name, so that nothing a patient said is dropped in silence.
 */
import type { FhirIssue, IssueCode } from './fhirIssue.js';
import { isJson, type Json } from './fhirTypes.js';

export class ElementReader {
  readonly path: string;
  readonly #json: Json;
  readonly #issues: FhirIssue[];
  readonly #left: Set<string>;
  readonly #children: ElementReader[] = [];

  constructor(json: Json, path: string, issues: FhirIssue[]) {
    this.path = path;
    this.#json = json;
    this.#issues = issues;
    this.#left = new Set(Object.keys(json));
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#json, name);
  }

  /** The member as it stands; it counts as read. */
  raw(name: string): unknown {
    this.#left.delete(name);
    return this.#json[name];
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** The member's items as they stand; none where it is absent. */
  items<Item = unknown>(name: string): Item[] {
    const value = this.raw(name);
    return Array.isArray(value) ? (value as Item[]) : value === undefined ? [] : [value as Item];
  }

  child(name: string): ElementReader | undefined {
    const value = this.raw(name);
    return isJson(value) ? this.#open(value, `${this.path}.${name}`) : undefined;
  }

  children(name: string): ElementReader[] {
    return this.items(name)
      .filter(isJson)
      .map((item, at) => this.#open(item, `${this.path}.${name}[${at}]`));
  }

  /** Members that say nothing of what is read here. */
  passOver(...names: readonly string[]): void {
    for (const name of names) this.#left.delete(name);
  }

  problem(code: IssueCode, text: string, name?: string): void {
    this.#issues.push({ code, expression: name === undefined ? this.path : `${this.path}.${name}`, text });
  }

  /** Refuses every member that was not read, here and below. */
  close(): void {
    for (const name of this.#left)
      this.problem('not-supported', 'is not understood here, and what it says would be lost', name.replace(/^_/, ''));
    this.#left.clear();
    for (const child of this.#children) child.close();
  }

  #open(json: Json, path: string): ElementReader {
    const reader = new ElementReader(json, path, this.#issues);
    this.#children.push(reader);
    return reader;
  }
}
