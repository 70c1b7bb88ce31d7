/** Attachments: R4 writes their size as a number, R5 as a text (integer64). */
import type { ElementReader } from './elementReader.js';
import type { FhirVersion, Json } from './fhirTypes.js';

const ALIKE = ['contentType', 'language', 'data', 'url', 'hash', 'title', 'creation'];

/** The attachment as R4 writes it. */
export function readAttachment(attachment: ElementReader, version: FhirVersion): Json {
  const read: Json = {};
  for (const name of ALIKE) if (attachment.has(name)) read[name] = attachment.raw(name);
  if (!attachment.has('size')) return read;
  const size = Number(attachment.raw('size'));
  // R4's size is an unsignedInt of 31 bits.
  if (version === '5.0' && (!Number.isInteger(size) || size < 0 || size > 2_147_483_647))
    attachment.problem('not-supported', 'more than 2147483647 bytes', 'size');
  return { ...read, size };
}

export function writeAttachment(attachment: Json, version: FhirVersion): Json {
  return version === '5.0' && 'size' in attachment ? { ...attachment, size: String(attachment.size) } : attachment;
}
