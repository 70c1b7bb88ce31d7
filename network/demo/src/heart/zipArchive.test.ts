import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { zipEntry } from './zipArchive.js';

/** An archive as APPNOTE 6.3 lays it out; `damage` may change what an entry claims. */
function archiveOf(
  entries: Record<string, Buffer>,
  {
    method = 8,
    damage = (_: Buffer) => {},
    comment = '',
  }: { method?: number; damage?: (directory: Buffer) => void; comment?: string } = {},
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(entries)) {
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const local = Buffer.alloc(30 + name.length);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.write(name, 30);
    const entry = Buffer.alloc(46 + name.length);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc32(bytes), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(bytes.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    entry.write(name, 46);
    damage(entry);
    parts.push(local, packed);
    directory.push(entry);
    at += local.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end, Buffer.from(comment)]);
}

const TEXT = Buffer.from('63.0,1.0,1.0\n'.repeat(500));

describe('zipEntry', () => {
  test.each([0, 8])('reads entries of method %d, behind others, before a comment', (method) => {
    const archive = archiveOf({ 'a/b.txt': Buffer.from('other'), 'a/c.csv': TEXT }, { method, comment: 'PK\u0005 no' });
    expect(zipEntry(archive, 'a/c.csv').equals(TEXT)).toBe(true);
  });

  test('refuses what is no archive, has no such entry, or is cut off', () => {
    expect(() => zipEntry(Buffer.from('<html>'), 'x')).toThrow('this is no ZIP archive');
    expect(() => zipEntry(Buffer.alloc(100), 'x')).toThrow('this is no ZIP archive');
    expect(() => zipEntry(archiveOf({ a: TEXT }), 'b')).toThrow('the archive has no b');
    const whole = archiveOf({ a: TEXT });
    expect(() => zipEntry(whole.subarray(10), 'a')).toThrow(/broken/);
  });

  test('refuses other bytes than the directory claims', () => {
    const damaged = (at: number, value: number) =>
      archiveOf({ a: TEXT }, { damage: (entry) => entry.writeUInt32LE(value, at) });
    expect(() => zipEntry(damaged(16, 1), 'a')).toThrow('does not have its checksum');
    // A bomb that says it is small is cut off at the size that it says.
    expect(() => zipEntry(damaged(24, 10), 'a')).toThrow(/broken at a/);
    expect(() => zipEntry(damaged(24, 2 ** 31), 'a')).toThrow(/are allowed/);
    expect(() => zipEntry(damaged(20, 10 ** 6), 'a')).toThrow(/broken at a/);
    expect(() => zipEntry(archiveOf({ a: TEXT }, { method: 12 }), 'a')).toThrow('method 12');
  });
});
