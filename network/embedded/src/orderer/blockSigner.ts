import { randomBytes } from 'node:crypto';
import type { SigningIdentity } from '../peer/signingIdentity.js';
import { type Block, headerBytes } from '../wire/block.js';
import { common, encode } from '../wire/proto.js';

/**
 * Signs a block as an orderer does: over metadata value, signature header and the DER form of the block's header.
 * Answers the serialised `Metadata` for the block's first metadata place.
 */
export function signBlock(
  signer: SigningIdentity,
  block: Pick<Block, 'number' | 'previousHash' | 'dataHash'>,
  lastConfigBlock: number,
): Buffer {
  const lastConfig = new common.LastConfig();
  lastConfig.setIndex(lastConfigBlock);
  const value = new common.OrdererBlockMetadata();
  value.setLastConfig(lastConfig);
  const valueBytes = encode(value);
  const header = new common.SignatureHeader();
  header.setCreator(signer.serialized);
  header.setNonce(randomBytes(24));
  const headerSigned = encode(header);
  const signature = new common.MetadataSignature();
  signature.setSignatureHeader(headerSigned);
  signature.setSignature(signer.sign(Buffer.concat([valueBytes, headerSigned, headerBytes(block)])));
  const metadata = new common.Metadata();
  metadata.setValue(valueBytes);
  metadata.setSignaturesList([signature]);
  return encode(metadata);
}
