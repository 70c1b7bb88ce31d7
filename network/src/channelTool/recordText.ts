import type { BlockRecord } from './blockRecord.js';
import type { FoundTransaction, StateRecord } from './channelReader.js';
import { printable, valueText } from './ledgerValue.js';
import type { TransactionRecord } from './transactionRecord.js';

const HASH_CHARS_SHOWN = 16;

/** One line of a list of blocks. */
export function blockLine({ number, hash, transactions }: BlockRecord): string {
  const first = transactions[0];
  const invalid = transactions.filter(({ code }) => code !== 'VALID').length;
  const count = `${transactions.length}${invalid === 0 ? '' : ` (${invalid} invalid)`}`;
  const names = [...new Set(transactions.map((each) => each.name ?? each.type))].map(printable).join(', ');
  return [
    String(number).padStart(6),
    hash.slice(0, HASH_CHARS_SHOWN),
    (first?.at ?? '-').padEnd(24),
    count.padStart(3),
    names,
  ].join('  ');
}

export const BLOCK_HEAD = ` block  ${'hash'.padEnd(HASH_CHARS_SHOWN)}  ${'time'.padEnd(24)}  transactions`;

export function blockText({ number, hash, previousHash, transactions }: BlockRecord): string {
  return [
    `block ${number}`,
    `  hash      ${hash}`,
    `  previous  ${previousHash === '' ? '-' : previousHash}`,
    ...transactions.flatMap((transaction) => ['', ...transactionLines(transaction).map((line) => `  ${line}`)]),
  ].join('\n');
}

export function transactionText({ block, transaction }: FoundTransaction): string {
  return [...transactionLines(transaction), `  in block   ${block}`].join('\n');
}

export function stateText({ namespace, key, value, block, transaction }: StateRecord): string {
  return [
    `${namespace} ${printable(key)}`,
    `  ${value === undefined ? 'deleted' : valueText(value)}`,
    `  by transaction ${transaction} in block ${block}`,
  ].join('\n');
}

function transactionLines(transaction: TransactionRecord): string[] {
  const { id, type, code, at, creator, chaincode, name, args, endorsers, writes, event } = transaction;
  return [
    `transaction ${id === '' ? '-' : printable(id)}  ${code}`,
    ...(at === undefined ? [] : [`  at         ${at}, by the sender's clock`]),
    ...(creator === undefined ? [] : [`  sender     ${printable(`${creator.msp}, ${creator.subject}`)}`]),
    name === undefined
      ? `  kind       ${type}`
      : `  call       ${printable(`${chaincode} ${name}`)} ${(args ?? []).map(valueText).join(' ')}`.trimEnd(),
    ...(endorsers === undefined ? [] : [`  endorsed   ${printable(endorsers.join(', '))}`]),
    ...(writes ?? []).map(({ namespace, key, value }) => {
      const what = value === undefined ? 'deleted' : `= ${valueText(value)}`;
      return `  wrote      ${printable(`${namespace} ${key}`)} ${what}`;
    }),
    ...(event === undefined ? [] : [`  event      ${printable(event.name)} ${valueText(event.payload)}`]),
  ];
}
