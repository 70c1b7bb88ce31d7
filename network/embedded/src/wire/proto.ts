/**
 * The one import point of Fabric's protocol messages. The serialisers test `instanceof`, so every message that is put
 * into another must come from this same copy; messages of the chaincode library's older copy never enter this process.
 */
import { peer } from '@hyperledger/fabric-protos';

export { common, gateway, ledger, msp, orderer, peer } from '@hyperledger/fabric-protos';

/** Fabric's verdict on a transaction, as it stands in a block's metadata. */
export const ValidationCode = peer.TxValidationCode;
export type ValidationCode = peer.TxValidationCodeMap[keyof peer.TxValidationCodeMap];

/** What every generated message can do. */
export interface Message {
  serializeBinary(): Uint8Array;
}

/** Serialises a message into a Buffer without copying. */
export function encode(message: Message): Buffer {
  const bytes = message.serializeBinary();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Parses `bytes`, answering undefined where they are no message of this type. The generated parsers throw several kinds
 * of error on damaged input, none of which tells a caller more than this.
 */
export function decode<T>(type: { deserializeBinary(bytes: Uint8Array): T }, bytes: Uint8Array): T | undefined {
  try {
    return type.deserializeBinary(bytes);
  } catch {
    return undefined;
  }
}
