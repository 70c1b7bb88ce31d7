/** Openings that a hospital keeps, encrypted by itself, in its own collection: nothing of them stands in public. */
import { type ConsentRef, ledgerKey, type Msp, PRIVATE_OPENING_CHARACTERS_MAX, refusal } from '@consilium/domain';
import type { Asked } from './permissions.js';

/** What is put under a key of the hospital's own collection. */
export type PrivateWrite = Readonly<{ key: string; value: string }>;

/**
 * Fabric lets any member of the channel write into, and read from, the collection of the peer that it asks: the peer
 * refuses everyone but its own hospital.
 * @throws ConsiliumError CONSENT_FOREIGN_RECORD
 */
export function requireOwnPeer(caller: Msp, peer: string): void {
  if (caller !== peer) throw refusal('CONSENT_FOREIGN_RECORD', { msp: caller });
}

/**
 * @param openings the transient data `openings`: JSON of an object, for each ref its opening in base64
 * @throws ConsiliumError CONSENT_RECORD_ERASED, INPUT_INVALID
 */
export function keepPrivate(
  { command: { refs } }: Asked<'ConsentContract:keepPrivate'>,
  { openings, erased }: Readonly<{ openings: string | undefined; erased: ReadonlySet<ConsentRef> }>,
): PrivateWrite[] {
  if (erased.size > 0) throw refusal('CONSENT_RECORD_ERASED', {});
  const given = parseOpenings(openings);
  const wanted = new Set<string>(refs);
  if (wanted.size !== refs.length || given.size !== wanted.size || refs.some((ref) => !given.has(ref)))
    throw refusal('INPUT_INVALID', { problems: 'openings: they are of the refs that the command names, one for each' });
  return refs.map((ref) => ({ key: ledgerKey.opening(ref), value: given.get(ref) as string }));
}

/** Problems are told without what was sent: it is the hospital's own secret. */
function parseOpenings(text: string | undefined): ReadonlyMap<string, string> {
  const refused = (problem: string) => refusal('INPUT_INVALID', { problems: `openings: ${problem}` });
  if (text === undefined) throw refused('they come as transient data of that name');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused('they are not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused('they are not an object');
  const entries = Object.entries(value);
  if (!entries.every(([, opening]) => isBase64(opening)))
    throw refused(`each is base64 of ${PRIVATE_OPENING_CHARACTERS_MAX} characters at most`);
  return new Map(entries);
}

function isBase64(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= PRIVATE_OPENING_CHARACTERS_MAX &&
    /^[A-Za-z0-9+/]+={0,2}$/.test(value)
  );
}
