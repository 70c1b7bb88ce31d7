import { verify } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';
import { headerBytes } from './blockHash.js';
import { type ChannelConfig, vouchesFor } from './channelConfig.js';

/** What orderers sign with a block: its metadata, and who of them signed. */
export interface BlockSignatures {
  /** Ids of the consenters whose signature holds, each once. */
  readonly consenters: readonly number[];
  /** How many blocks the orderers had agreed on, in the words of SmartBFT: the number of this block. */
  readonly sequence: number | undefined;
}

/** How many of the orderers have to sign a block (SmartBFT): more than two thirds, so that two such sets share an honest one. */
export function quorumOf(consenters: number): number {
  const faulty = Math.floor((consenters - 1) / 3);
  return Math.ceil((consenters + faulty + 1) / 2);
}

/**
 * Checks a block's signatures as Fabric's peers do under BFT: a consenter names itself by its number in the configuration,
 * and signs the metadata, that number and the header.
 */
export function readBlockSignatures(block: common.Block, config: ChannelConfig, atMs: number): BlockSignatures {
  const bytes = block.getMetadata()?.getMetadataList_asU8()[common.BlockMetadataIndex.SIGNATURES] ?? new Uint8Array();
  const metadata = common.Metadata.deserializeBinary(bytes);
  const value = metadata.getValue_asU8();
  const valid = metadata.getSignaturesList().flatMap((each) => {
    const identifier = each.getIdentifierHeader_asU8();
    const id = common.IdentifierHeader.deserializeBinary(identifier).getIdentifier();
    const consenter = config.consenters.find((known) => known.id === id);
    if (!consenter || !vouchesFor(config, consenter.msp, consenter.certificate, atMs)) return [];
    const message = Buffer.concat([value, identifier, headerBytes(block.getHeader()!)]);
    return verify('sha256', message, consenter.certificate.publicKey, each.getSignature_asU8()) ? [id] : [];
  });
  const agreed = common.OrdererBlockMetadata.deserializeBinary(value).getConsenterMetadata_asU8();
  return { consenters: [...new Set(valid)].sort(), sequence: varintField(agreed, 2) };
}

/** A number in a protobuf message that nobody publishes the type of for JavaScript (SmartBFT's `ViewMetadata`). */
function varintField(bytes: Uint8Array, field: number): number | undefined {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; at < bytes.length; shift += 7) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if (tag === field * 8) return value;
    if (tag % 8 === 2) at += value;
  }
  return undefined;
}
