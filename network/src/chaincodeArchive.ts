import { crc32 } from 'node:zlib';

const TAR_BLOCK_BYTES = 512;

/** Largest block that deflate stores as it is (RFC 1951, 3.2.4). */
const STORED_BYTES_MAX = 0xffff;

/**
 * A chaincode package as Fabric's peers install it: what kind of chaincode it is, and its code. The code is a process
 * of its own, so the package only names its digest, and carries no address: every hospital makes the same bytes.
 */
export function chaincodeArchive(label: string, digest: string): Buffer {
  const code = archive({ 'chaincode.json': Buffer.from(JSON.stringify({ digest })) });
  return archive({ 'metadata.json': Buffer.from(JSON.stringify({ type: 'ccaas', label })), 'code.tar.gz': code });
}

/** A tar archive (POSIX ustar) in a gzip frame, without anything that differs between machines, users or days. */
function archive(files: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, content]) => [
    tarHeader(name, content.length),
    content,
    Buffer.alloc(-content.length & (TAR_BLOCK_BYTES - 1)),
  ]);
  return storedGzip(Buffer.concat([...parts, Buffer.alloc(2 * TAR_BLOCK_BYTES)]));
}

function tarHeader(name: string, bytes: number): Buffer {
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o100644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Gzip (RFC 1952) without compression: what a compressor makes of the same bytes differs between its versions. */
function storedGzip(content: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += STORED_BYTES_MAX) {
    const block = content.subarray(at, at + STORED_BYTES_MAX);
    const head = Buffer.alloc(5);
    head.writeUInt8(at + block.length === content.length ? 1 : 0, 0);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(block.length ^ 0xffff, 3);
    blocks.push(head, block);
  }
  const unknownSystem = 255;
  const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, unknownSystem]);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(content), 0);
  tail.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, ...blocks, tail]);
}
