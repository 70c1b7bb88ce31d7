/** Parts of a Consent that both versions write alike. */
import { type ConsentContent, Digest, type Instant } from '@consilium/domain';
import type { ElementReader } from './elementReader.js';
import { instantOf, textOf } from './fhirTime.js';
import { type Coding, type Extension, isJson, type Json } from './fhirTypes.js';
import { listed } from './provision.js';
import { EFFECTIVE_EXTENSION, EVIDENCE_EXTENSION } from './systems.js';

const EVIDENCE_SOURCES = ['paper', 'electronic', 'fhir', 'spoken'] as const;

/** Extensions of a resource or element, by URL; each is asked for once. */
export class Extensions {
  readonly #element: ElementReader;
  readonly #left: Json[];

  constructor(element: ElementReader) {
    this.#element = element;
    this.#left = element.items('extension').filter(isJson);
  }

  /** Takes out every extension of that URL, and gives its value. */
  values<Value>(url: string, valueName: string): Value[] {
    const found = this.#left.filter((extension) => extension.url === url);
    for (const extension of found) this.#left.splice(this.#left.indexOf(extension), 1);
    return found.flatMap((extension) => {
      if (valueName in extension) return [extension[valueName] as Value];
      this.#element.problem('structure', `${url} takes a ${valueName}`, 'extension');
      return [];
    });
  }

  value<Value>(url: string, valueName: string): Value | undefined {
    const values = this.values<Value>(url, valueName);
    if (values.length > 1) this.#element.problem('structure', `${url} stands once at most`, 'extension');
    return values[0];
  }

  /** What is left: means nothing here. */
  others(): Extension[] {
    return this.#left as unknown as Extension[];
  }

  /** Refuses what is left, where it cannot be carried along. */
  close(): void {
    if (this.#left.length > 0)
      this.#element.problem('not-supported', 'holds an extension that is not understood here', 'extension');
  }
}

/** Passes over what says nothing of the consent, and refuses what changes how all else is to be read. */
export function readFrame(consent: ElementReader): Readonly<{
  id: string | null;
  labels: Coding[];
  securityLabels: Coding[];
}> {
  consent.passOver('resourceType', 'language', 'text', '_id', '_language');
  const meta = consent.child('meta');
  meta?.passOver('versionId', 'lastUpdated', 'source', 'profile', '_profile', '_source', '_lastUpdated', '_versionId');
  return {
    id: consent.text('id') ?? null,
    labels: meta?.items<Coding>('tag') ?? [],
    securityLabels: meta?.items<Coding>('security') ?? [],
  };
}

export function writeFrame({
  id,
  labels,
  securityLabels,
}: Readonly<{ id: string | null; labels: readonly Coding[]; securityLabels: readonly Coding[] }>): Json {
  const meta = { ...listed('security', securityLabels), ...listed('tag', labels) };
  return { ...(id === null ? {} : { id }), ...(Object.keys(meta).length > 0 ? { meta } : {}) };
}

/** Where it came from, and when it took effect: extensions of ours, in both versions. */
export function readOwn(
  extensions: Extensions,
  consent: ElementReader,
): Readonly<{ evidence: ConsentContent['evidence']; effectiveFrom: Instant | null }> {
  const written = extensions.value<string>(EFFECTIVE_EXTENSION, 'valueInstant');
  const effectiveFrom = written === undefined ? undefined : instantOf(written);
  if (written !== undefined && effectiveFrom === undefined)
    consent.problem('value', `${EFFECTIVE_EXTENSION} is no instant from 1970 on`, 'extension');
  return { evidence: readEvidence(extensions, consent), effectiveFrom: effectiveFrom ?? null };
}

export function writeOwn({
  evidence,
  effectiveFrom,
}: Readonly<{ evidence: ConsentContent['evidence']; effectiveFrom: Instant | null }>): Extension[] {
  return [
    ...(effectiveFrom === null ? [] : [{ url: EFFECTIVE_EXTENSION, valueInstant: textOf(effectiveFrom) }]),
    ...(evidence === null
      ? []
      : [
          {
            url: EVIDENCE_EXTENSION,
            extension: [
              { url: 'source', valueCode: evidence.source },
              { url: 'sha256', valueString: evidence.hash },
            ],
          },
        ]),
  ];
}

function readEvidence(extensions: Extensions, consent: ElementReader): ConsentContent['evidence'] {
  const parts = extensions.value<Json[]>(EVIDENCE_EXTENSION, 'extension');
  if (parts === undefined) return null;
  const source = parts.find(({ url }) => url === 'source')?.valueCode;
  const hash = Digest.safeParse(parts.find(({ url }) => url === 'sha256')?.valueString);
  const known = EVIDENCE_SOURCES.find((one) => one === source);
  if (parts.length === 2 && known && hash.success) return { source: known, hash: hash.data };
  consent.problem(
    'value',
    `${EVIDENCE_EXTENSION} has a "source" (${EVIDENCE_SOURCES.join(', ')}) and a "sha256" in lower case hexadecimal digits`,
    'extension',
  );
  return null;
}
