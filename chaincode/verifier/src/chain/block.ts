/** A block: its header, what orderers signed of it, and, where it is whole, its transactions. */
import { must } from '../doubt.js';
import { headerDer } from '../wire/der.js';
import { Message } from '../wire/message.js';
import { sha256 } from '../wire/sha256.js';

/** Places in a block's metadata. */
const [SIGNATURES, VALIDATION_CODES] = [0, 2];

export type Block = Readonly<{
  number: number;
  previousHash: Buffer;
  dataHash: Buffer;
  /** DER of the header: what is hashed and signed. */
  header: Buffer;
  /** Of the header: what the next block carries. */
  hash: Buffer;
  /** Undefined where only the header and the signatures are there: a seal. */
  envelopes: readonly Buffer[] | undefined;
  /** Signed by the orderers: which block brought the configuration in force. */
  lastConfiguration: number;
  /** What orderers signed, without the header. */
  ordered: Readonly<{ value: Buffer; signatures: readonly Message[] }>;
  /** The peers' verdicts on its transactions, 0 for valid; no one signed them. */
  codes: Buffer;
}>;

/** @throws Doubt where it is damaged, or its transactions are not those of its header */
export function readBlock(bytes: Uint8Array, what: string): Block {
  const block = new Message(bytes, what);
  const header = block.message(1, 'header');
  const number = header.number(1);
  const [previousHash, dataHash] = [header.bytes(2), header.bytes(3)];
  must(
    dataHash.length === 32 && previousHash.length === (number === 0 ? 0 : 32),
    `${what}: a header without its hashes`,
  );
  const envelopes = block.has(2) ? block.message(2, 'transactions').all(1) : undefined;
  if (envelopes) must(sha256(...envelopes).equals(dataHash), `${what}: its transactions are not those of its header`);
  const metadata = block.message(3, 'metadata').all(1);
  const signed = new Message(metadata[SIGNATURES] ?? Buffer.alloc(0), `${what}: signatures`);
  const value = signed.bytes(1);
  const ordering = new Message(value, `${what}: signed metadata`);
  const der = headerDer(number, previousHash, dataHash);
  return {
    number,
    previousHash,
    dataHash,
    header: der,
    hash: sha256(der),
    envelopes,
    lastConfiguration: ordering.has(1) ? ordering.message(1, 'last configuration').number(1) : 0,
    ordered: { value, signatures: signed.messages(2, `${what}: a signature`) },
    codes: metadata[VALIDATION_CODES] ?? Buffer.alloc(0),
  };
}
