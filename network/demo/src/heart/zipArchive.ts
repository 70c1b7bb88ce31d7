/** Reads single files out of a ZIP archive in memory (PKWARE APPNOTE 6.3: stored and deflated entries, no ZIP64). */
import { crc32, inflateRawSync } from 'node:zlib';

/** An archive or entry above this is not one of those that are read here. */
export const ZIP_BYTES_MAX = 64 * 1024 * 1024;

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const COMMENT_BYTES_MAX = 0xffff;
const STORED = 0;
const DEFLATED = 8;

/**
 * The bytes of one entry.
 * @param name as the archive's directory spells it: `folder/file`
 * @throws Error where the archive is broken or has no such entry, or its checksum differs
 */
export function zipEntry(archive: Buffer, name: string): Buffer {
  if (archive.length > ZIP_BYTES_MAX)
    throw new Error(`the archive has ${archive.length} bytes, ${ZIP_BYTES_MAX} are allowed`);
  try {
    return readEntry(archive, name);
  } catch (error) {
    // Offsets that point outside, and deflated bytes that are none.
    if ((error as Error).name === 'RangeError' || (error as NodeJS.ErrnoException).code?.startsWith('Z_'))
      throw new Error(`the archive is broken at ${name}`, { cause: error });
    throw error;
  }
}

function readEntry(archive: Buffer, name: string): Buffer {
  const end = endOfDirectory(archive);
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (archive.readUInt32LE(at) !== ENTRY_SIGNATURE) throw new Error('the archive has a broken directory');
    const nameBytes = archive.readUInt16LE(at + 28);
    if (archive.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes) === name) return contents(archive, at);
    at += ENTRY_BYTES + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`the archive has no ${name}`);
}

/** Where the end-of-directory record begins: it is the last one, before a comment of unknown length. */
function endOfDirectory(archive: Buffer): number {
  const first = Math.max(0, archive.length - END_BYTES - COMMENT_BYTES_MAX);
  for (let at = archive.length - END_BYTES; at >= first; at -= 1)
    if (archive.readUInt32LE(at) === END_SIGNATURE) return at;
  throw new Error('this is no ZIP archive');
}

function contents(archive: Buffer, entry: number): Buffer {
  const method = archive.readUInt16LE(entry + 10);
  const checksum = archive.readUInt32LE(entry + 16);
  const packedBytes = archive.readUInt32LE(entry + 20);
  const bytes = archive.readUInt32LE(entry + 24);
  const local = archive.readUInt32LE(entry + 42);
  if (archive.readUInt32LE(local) !== LOCAL_SIGNATURE) throw new Error('the archive has a broken entry');
  const start = local + LOCAL_BYTES + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  if (start + packedBytes > archive.length) throw new RangeError('an entry ends beyond the archive');
  const packed = archive.subarray(start, start + packedBytes);
  const unpacked = unpack(method, packed, bytes);
  if (unpacked.length !== bytes || crc32(unpacked) !== checksum)
    throw new Error('an entry of the archive does not have its checksum');
  return unpacked;
}

function unpack(method: number, packed: Buffer, bytes: number): Buffer {
  if (bytes > ZIP_BYTES_MAX) throw new Error(`an entry has ${bytes} bytes, ${ZIP_BYTES_MAX} are allowed`);
  if (method === STORED) return Buffer.from(packed);
  // One byte more than declared, so that a longer entry is told apart from one of that length.
  if (method === DEFLATED) return inflateRawSync(packed, { maxOutputLength: bytes + 1 });
  throw new Error(`an entry is packed by method ${method}, which is not read here`);
}
