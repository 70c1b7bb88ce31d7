import { common } from '@hyperledger/fabric-protos';
import { blockHash } from './blockHash.js';
import { type TransactionRecord, transactionRecord } from './transactionRecord.js';

/** One block, decoded. Hashes are in hexadecimal. */
export interface BlockRecord {
  readonly number: number;
  /** What the next block carries as `previousHash`. */
  readonly hash: string;
  readonly previousHash: string;
  readonly transactions: readonly TransactionRecord[];
}

/** Decodes a block as a peer gives it. @throws Error if it has no header */
export function blockRecord(block: common.Block): BlockRecord {
  const header = block.getHeader();
  if (header === undefined) throw new Error('the peer gave a block without a header');
  const codes = block.getMetadata()?.getMetadataList_asU8()[common.BlockMetadataIndex.TRANSACTIONS_FILTER] ?? [];
  const previous = header.getPreviousHash_asU8();
  return {
    number: header.getNumber(),
    hash: blockHash(header.getNumber(), previous, header.getDataHash_asU8()).toString('hex'),
    previousHash: Buffer.from(previous).toString('hex'),
    transactions: (block.getData()?.getDataList_asU8() ?? []).map((envelope, place) =>
      transactionRecord(envelope, codes[place] ?? NOT_VALIDATED),
    ),
  };
}

/** Fabric's code for a transaction that no peer has judged. */
const NOT_VALIDATED = 254;
