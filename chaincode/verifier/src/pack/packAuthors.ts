/** Reads the transactions that wrote what was answered, each as its creator signed it. */
import { Digest } from '@consilium/domain';
import type { Block } from '../chain/block.js';
import type { Chain } from '../chain/chain.js';
import { Doubt, must } from '../doubt.js';
import { checkAuthorship } from '../evidence/authorship.js';
import type { Place } from '../evidence/endorsement.js';
import type { Questions } from '../evidence/questions.js';
import { readTransaction, type SignedTransaction } from '../evidence/transaction.js';
import type { Entries } from './entries.js';
import type { Report } from './report.js';
import { count, list, of, record } from './shape.js';

const AuthorsShape = list(record({ block: count, index: count, transaction: of(Digest) }));
/** Fabric's validation code of a transaction that changed the state. */
const VALID = 0;

export type Authors = ReadonlyMap<string, SignedTransaction>;

/** @returns who wrote each record, by its key */
export function readAuthors(
  entries: Entries,
  chain: Chain,
  chaincode: string,
  questions: Questions,
  report: Report,
): Authors {
  const transactions = readTransactions(entries, chain, chaincode, report);
  const authors = new Map<string, SignedTransaction>();
  let recomputed = 0;
  for (const { key, value, place } of questions.records.values())
    report.try(`record ${key}`, () => {
      const transaction = transactions.get(placeName(place));
      if (!transaction) throw new Doubt(`the transaction that wrote it, ${placeName(place)}, is missing`);
      if (checkAuthorship(key, value, transaction)) recomputed += 1;
      authors.set(key, transaction);
    });
  report.proven.push(
    `Authorship: ${authors.size} of ${questions.records.size} records are in ${transactions.size} transactions that their creators signed; ` +
      `${recomputed} follow from the signed arguments, computed again here.`,
  );
  return authors;
}

function readTransactions(
  entries: Entries,
  chain: Chain,
  chaincode: string,
  report: Report,
): Map<string, SignedTransaction> {
  const found = new Map<string, SignedTransaction>();
  const contents = new Map(entries.under('transactions'));
  const places = report.try('authors.json', () => AuthorsShape(entries.json('authors.json'), 'authors.json')) ?? [];
  const used = new Set<string>();
  for (const { transaction: id, ...place } of places)
    report.try(`transaction ${id}`, () => {
      const name = `transactions/${id}`;
      const content = contents.get(name);
      must(content !== undefined, 'it is missing');
      must(!used.has(name), 'it cannot stand in two places');
      used.add(name);
      const transaction = readTransaction(content, { channel: chain.channel, chaincode }, chain.inForceAt(place.block));
      must(transaction.id === id, `it is transaction ${transaction.id}`);
      checkPlace(chain.block(place.block), place, content);
      must(!found.has(placeName(place)), `two transactions in one place, ${placeName(place)}`);
      found.set(placeName(place), transaction);
    });
  for (const name of contents.keys()) if (!used.has(name)) report.fail(name, 'no place of it is named in authors.json');
  return found;
}

/** Where the block is whole, the transaction stands in it, and peers found it valid. */
function checkPlace(block: Block | undefined, { index }: Place, content: Buffer): void {
  if (!block?.envelopes) return;
  must(block.envelopes[index]?.equals(content) === true, `it is not transaction ${index} of block ${block.number}`);
  must(block.codes[index] === VALID, `peers found it invalid (code ${block.codes[index]}): it changed nothing`);
}

function placeName({ block, index }: Place): string {
  return `block ${block} transaction ${index}`;
}
