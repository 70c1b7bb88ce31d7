/** Codes of value sets, as far as they can be listed: those of FHIR's own required bindings can. */
import type { R4Bundle } from './fhirTypes.js';

type CodeTree = Readonly<{ code: string; concept?: readonly CodeTree[] }>;
type Included = NonNullable<NonNullable<fhir4.ValueSet['compose']>['include']>[number];

export class ValueSets {
  readonly #sets = new Map<string, fhir4.ValueSet>();
  readonly #systems = new Map<string, fhir4.CodeSystem>();
  readonly #listed = new Map<string, ReadonlySet<string> | undefined>();

  constructor(bundle: R4Bundle) {
    for (const { resource } of bundle.entry ?? []) {
      if (resource?.resourceType === 'ValueSet' && resource.url) this.#sets.set(resource.url, resource);
      if (resource?.resourceType === 'CodeSystem' && resource.url) this.#systems.set(resource.url, resource);
    }
  }

  /**
   * Whether a code may stand where that value set is required. True where the set cannot be listed: media types and
   * languages, which are grammars.
   * @param valueSet its URL, with or without `|version`
   */
  allows(valueSet: string, system: string | undefined, code: string): boolean {
    const codes = this.#codes(valueSet);
    if (!codes) return true;
    return system === undefined ? codes.has(`|${code}`) : codes.has(`${system}|${code}`);
  }

  /** Each code twice: with its system, and alone. */
  #codes(valueSet: string): ReadonlySet<string> | undefined {
    const url = valueSet.split('|')[0] ?? valueSet;
    if (!this.#listed.has(url)) this.#listed.set(url, this.#list(url));
    return this.#listed.get(url);
  }

  #list(url: string): ReadonlySet<string> | undefined {
    const { include, exclude } = this.#sets.get(url)?.compose ?? {};
    if (!include || exclude) return undefined;
    const codes = new Set<string>();
    for (const part of include) {
      const found = this.#listIncluded(part);
      if (!found) return undefined;
      for (const code of found) codes.add(code);
    }
    return codes;
  }

  #listIncluded({ system, concept, filter, valueSet }: Included): Iterable<string> | undefined {
    if (filter) return undefined;
    if (valueSet) {
      const lists = valueSet.map((url) => this.#codes(url));
      return lists.every((list) => list !== undefined) ? lists.flatMap((list) => [...list]) : undefined;
    }
    const tree = concept ?? (system === undefined ? undefined : this.#systems.get(system)?.concept);
    return tree?.flatMap((one) => codesOf(one)).flatMap((code) => [`|${code}`, `${system}|${code}`]);
  }
}

function codesOf({ code, concept = [] }: CodeTree): string[] {
  return [code, ...concept.flatMap(codesOf)];
}
