import { sha256 } from './bytes.js';
import { derInteger, derOctets, derSequence } from './der.js';
import { bytesField, readRepeated } from './fields.js';
import { common } from './proto.js';

/** A block without what peers add to it. */
export interface Block {
  readonly number: number;
  /** Hash of the preceding block's header; empty for block 0. */
  readonly previousHash: Buffer;
  /** SHA-256 over the concatenated envelopes. */
  readonly dataHash: Buffer;
  readonly envelopes: readonly Buffer[];
  /** Serialised `Metadata` with the orderer's signature; empty for block 0. */
  readonly signatures: Buffer;
}

/** Hash of a block's header: SHA-256 of its ASN.1 DER form `SEQUENCE { number, previous hash, data hash }`. */
export function headerHash(block: Pick<Block, 'number' | 'previousHash' | 'dataHash'>): Buffer {
  return sha256(headerBytes(block));
}

/** The DER form of a block's header, which is also what orderers sign. */
export function headerBytes(block: Pick<Block, 'number' | 'previousHash' | 'dataHash'>): Buffer {
  return derSequence(derInteger(BigInt(block.number)), derOctets(block.previousHash), derOctets(block.dataHash));
}

/** Hash of a block's content. */
export function dataHashOf(envelopes: readonly Uint8Array[]): Buffer {
  return sha256(...envelopes);
}

/** The block as Fabric's message, with what a peer knows about it: a code per transaction, and its commit hash. */
export function blockMessage(block: Block, codes: Uint8Array, commitHash: Uint8Array): common.Block {
  const header = new common.BlockHeader();
  header.setNumber(block.number);
  header.setPreviousHash(block.previousHash);
  header.setDataHash(block.dataHash);
  const content = new common.BlockData();
  content.setDataList([...block.envelopes]);
  const metadata = new common.BlockMetadata();
  metadata.setMetadataList([block.signatures, new Uint8Array(), codes, new Uint8Array(), commitHash]);
  const message = new common.Block();
  message.setHeader(header);
  message.setData(content);
  message.setMetadata(metadata);
  return message;
}

/** Field of the envelopes in `BlockData`. */
const ENVELOPES_FIELD = 1;

/** Serialises envelopes into one byte string (the wire form of `BlockData`). */
export function packEnvelopes(envelopes: readonly Buffer[]): Buffer {
  return Buffer.concat(envelopes.map((each) => bytesField(ENVELOPES_FIELD, each)));
}

/** Takes the wire form of `BlockData` apart again, without copying. Throws an Error on damage. */
export function unpackEnvelopes(bytes: Buffer): Buffer[] {
  return readRepeated(bytes, ENVELOPES_FIELD);
}
