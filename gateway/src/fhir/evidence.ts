/** SHA-256 of what a consent rests on. */
import { createHash } from 'node:crypto';
import { type ConsentContent, canonicalDigest, type Digest } from '@consilium/domain';
import type { ConsentStatement } from './consentStatement.js';
import { isJson, type Json } from './fhirTypes.js';

/**
 * What the statement itself says (a hash of a paper's scan, say); else the bytes of the document or attachment that came with
 * it; else the document, or the resource itself, in canonical JSON.
 */
export function evidenceOf(
  statement: ConsentStatement,
  resource: unknown,
  document: Json | undefined,
): NonNullable<ConsentContent['evidence']> {
  if (statement.evidence) return statement.evidence;
  const attached = statement.source && 'attachment' in statement.source ? statement.source.attachment : undefined;
  const bytes = bytesIn(document) ?? bytesOf(attached);
  if (bytes) return { source: 'electronic', hash: createHash('sha256').update(bytes).digest('hex') as Digest };
  return document
    ? { source: 'electronic', hash: canonicalDigest(document) }
    : { source: 'fhir', hash: canonicalDigest(resource) };
}

/** The one attachment of a DocumentReference, where it holds its bytes. */
function bytesIn(document: Json | undefined): Buffer | undefined {
  const content = Array.isArray(document?.content) ? (document.content as unknown[]) : [];
  const [first, another] = content;
  return another === undefined && isJson(first) && isJson(first.attachment) ? bytesOf(first.attachment) : undefined;
}

function bytesOf(attachment: Json | undefined): Buffer | undefined {
  return typeof attachment?.data === 'string' ? Buffer.from(attachment.data, 'base64') : undefined;
}
