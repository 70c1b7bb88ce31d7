/**
 * The file that a pack is. Nothing in it is compressed, padded or optional, so that every bit is held to something:
 *
 *     consilium-evidence 1\n
 *     <length of the manifest, 10 digits> <SHA-256 of the manifest, 64 hexadecimal digits>\n
 *     <manifest: canonical JSON, a list of {bytes, name, sha256} in ascending order of names>
 *     <the entries' bytes, one after the other, in the manifest's order>
 *     <signature: DER, over everything up to and with the manifest>
 */
import { Doubt, must } from '../doubt.js';
import { readCanonical } from '../wire/canonicalText.js';
import { sha256 } from '../wire/sha256.js';

const FIRST_LINE = 'consilium-evidence 1\n';
const SECOND_LINE = /^(\d{10}) ([0-9a-f]{64})\n$/;
const SECOND_LINE_BYTES = 10 + 1 + 64 + 1;
const ENTRY_NAME = /^[a-z0-9][a-z0-9./-]{0,199}$/;
const ENTRIES_MAX = 2_000_000;

export type Archive = Readonly<{
  /** Only those whose bytes are what the manifest says. */
  entries: ReadonlyMap<string, Buffer>;
  /** Entries that were changed. */
  altered: readonly string[];
  signed: Buffer;
  signature: Buffer;
}>;

type Entry = Readonly<{ name: string; bytes: number; sha256: string }>;

/** @throws Doubt where what holds the entries together was changed: it names that part */
export function readArchive(file: Buffer): Archive {
  const first = file.subarray(0, FIRST_LINE.length).toString('latin1');
  must(first === FIRST_LINE, 'first line: this is no evidence pack, or its first line was changed');
  const start = FIRST_LINE.length + SECOND_LINE_BYTES;
  const [, length, digest] = SECOND_LINE.exec(file.subarray(FIRST_LINE.length, start).toString('latin1')) ?? [];
  if (length === undefined || digest === undefined) throw new Doubt('second line: it was changed');
  const manifest = file.subarray(start, start + Number(length));
  must(
    manifest.length === Number(length) && sha256(manifest).toString('hex') === digest,
    'manifest: it is not the one that the second line names',
  );
  const entries = new Map<string, Buffer>();
  const altered: string[] = [];
  let at = start + manifest.length;
  const signed = file.subarray(0, at);
  for (const entry of entriesIn(manifest)) {
    const content = file.subarray(at, at + entry.bytes);
    at += entry.bytes;
    if (content.length === entry.bytes && sha256(content).toString('hex') === entry.sha256)
      entries.set(entry.name, content);
    else altered.push(entry.name);
  }
  return { entries, altered, signed, signature: file.subarray(at) };
}

function entriesIn(manifest: Buffer): Entry[] {
  const list = readCanonical(manifest, 'manifest');
  must(Array.isArray(list) && list.length <= ENTRIES_MAX, 'manifest: no list of entries');
  let before = '';
  return list.map((each: Partial<Record<keyof Entry, unknown>> | null) => {
    const { name, bytes, sha256: digest } = each ?? {};
    must(typeof name === 'string' && ENTRY_NAME.test(name) && name > before, 'manifest: a name that is out of order');
    must(typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0, `manifest: the length of ${name}`);
    must(typeof digest === 'string', `manifest: the digest of ${name}`);
    must(Object.keys(each ?? {}).length === 3, `manifest: more than name, length and digest of ${name}`);
    before = name;
    return { name, bytes, sha256: digest };
  });
}
