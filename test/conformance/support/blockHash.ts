import { createHash } from 'node:crypto';
import type { common } from '@hyperledger/fabric-protos';

/** The bytes of a header that orderers sign and the next block names by digest: ASN.1 DER, as Fabric has it. */
export function headerBytes(header: common.BlockHeader): Buffer {
  return tagged(
    0x30,
    Buffer.concat([
      tagged(0x02, integer(BigInt(header.getNumber()))),
      tagged(0x04, Buffer.from(header.getPreviousHash_asU8())),
      tagged(0x04, Buffer.from(header.getDataHash_asU8())),
    ]),
  );
}

/** Digest of a header, by which the next block names it. */
export function headerDigest(header: common.BlockHeader): Buffer {
  return createHash('sha256').update(headerBytes(header)).digest();
}

/** Digest of a block's transactions. */
export function dataDigest(block: common.Block): Buffer {
  return createHash('sha256').update(Buffer.concat(block.getData()!.getDataList_asU8())).digest();
}

/** All contents here are shorter than 128 bytes, so that one byte is the length. */
function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}

function integer(value: bigint): Buffer {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return (bytes[0] as number) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}
