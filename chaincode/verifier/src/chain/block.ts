/** A block: its header, what orderers signed of it, and, where it is whole, its transactions. */
import { must } from '../doubt.js';
import { headerDer } from '../wire/der.js';
import { lengthField, Message, varint } from '../wire/message.js';
import { sha256 } from '../wire/sha256.js';

/** `OrdererBlockMetadata` that names block 0 as the newest configuration, as it stands in the first block. */
const FIRST_CONFIGURATION = Buffer.of(0x0a, 0);
/** Field 1, a varint. */
const NUMBER_TAG = 0x08;
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

/**
 * @throws Doubt where it is damaged, its transactions are not those of its header, or anything stands in it that is not of a
 *   block in a pack: then there is no place where a change would be nobody's
 */
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
  const codes = metadata[VALIDATION_CODES] ?? Buffer.alloc(0);
  const signatures = signed.messages(2, `${what}: a signature`);
  must(codes.length === (envelopes?.length ?? 0), `${what}: other than one verdict a transaction`);
  // The first block is held to by its hash, which is over the header alone.
  must(
    number > 0 ||
      (signatures.length === 0 &&
        (value.length === 0 || value.equals(FIRST_CONFIGURATION)) &&
        codes.every((code) => code === 0)),
    `${what}: the first block is valid, and no orderer signed it`,
  );
  const plain = plainBlock(header, envelopes, [
    Buffer.concat([lengthField(1, value), ...signatures.map((each) => lengthField(2, plainMessage(each, 3)))]),
    ...(envelopes ? [Buffer.alloc(0), codes] : []),
  ]);
  must(plain.equals(bytes), `${what}: there is more in it than a block`);
  return {
    number,
    previousHash,
    dataHash,
    header: der,
    hash: sha256(der),
    envelopes,
    lastConfiguration: ordering.has(1) ? ordering.message(1, 'last configuration').number(1) : 0,
    ordered: { value, signatures },
    codes,
  };
}

/** The block as encoders write it, of nothing but these parts. */
function plainBlock(header: Message, envelopes: readonly Buffer[] | undefined, metadata: readonly Buffer[]): Buffer {
  const number = header.number(1);
  const numbered = number === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.of(NUMBER_TAG), varint(number)]);
  const hashes = [2, 3].filter((field) => header.has(field)).map((field) => lengthField(field, header.bytes(field)));
  const all = (parts: readonly Buffer[]) => Buffer.concat(parts.map((part) => lengthField(1, part)));
  return Buffer.concat([
    lengthField(1, Buffer.concat([numbered, ...hashes])),
    ...(envelopes ? [lengthField(2, all(envelopes))] : []),
    lengthField(3, all(metadata)),
  ]);
}

/** A message of fields of bytes alone, from 1 to `last`. */
function plainMessage(message: Message, last: number): Buffer {
  const numbers = Array.from({ length: last }, (_, k) => k + 1).filter((number) => message.has(number));
  return Buffer.concat(numbers.map((number) => lengthField(number, message.bytes(number))));
}
