/** Reads the blocks and seals of a pack, and checks that they are the orderers'. */
import { tenDigits } from '@consilium/domain';
import { type Block, readBlock } from '../chain/block.js';
import { Chain } from '../chain/chain.js';
import { must } from '../doubt.js';
import type { Entries } from './entries.js';
import type { Report } from './report.js';

/** @returns undefined where it cannot be told which channel this is */
export function readChain(entries: Entries, report: Report): Chain | undefined {
  const blocks = new Map<number, Block>();
  for (const kind of ['blocks', 'seals'] as const)
    for (const [name, content] of entries.under(kind))
      report.try(name, () => {
        const block = readBlock(content, name);
        must(name === `${kind}/${tenDigits(block.number)}`, `it is block ${block.number}`);
        must(
          (block.envelopes !== undefined) === (kind === 'blocks'),
          `it belongs under ${kind === 'blocks' ? 'seals' : 'blocks'}`,
        );
        must(!blocks.has(block.number), `block ${block.number} stands twice`);
        blocks.set(block.number, block);
      });
  const chain = report.try('chain', () => new Chain(blocks));
  if (!chain) return undefined;
  report.try('chain', () => chain.checkLinks());
  let signaturesMin = Number.POSITIVE_INFINITY;
  for (const number of chain.numbers())
    report.try(`block ${number}`, () => {
      const signatures = chain.checkOrdered(number);
      if (number > 0) signaturesMin = Math.min(signaturesMin, signatures);
    });
  tell(chain, signaturesMin, report);
  return chain;
}

function tell(chain: Chain, signaturesMin: number, report: Report): void {
  const { newest } = chain;
  const revoking = [...newest.organizations.values()].filter(({ revocationLists }) => revocationLists > 0);
  report.proven.push(
    `Members: ${[...newest.organizations.keys()].sort().join(', ')}, by configuration ${newest.sequence} of block ${newest.block}, ` +
      `reached from the genesis block without a gap${revoking.length > 0 ? `; ${revoking.map(({ msp }) => msp).join(', ')} took certificates back` : ''}.`,
  );
  if (Number.isFinite(signaturesMin))
    report.proven.push(
      `${chain.numbers().length - 1} blocks beside the first are signed by ${signaturesMin} or more orderers.`,
    );
  report.limits.push(
    `Certificates that were taken back after block ${chain.tip}: who made the pack chose that block. Compare its number with your own peer's.`,
  );
  if (!newest.hasOrderingPolicy)
    report.limits.push(
      'This channel names no policy for orderers: it is a development channel with one orderer, which could reorder at will.',
    );
  if (chain.isWhole())
    report.proven.push(
      `Order: all blocks from the first to ${chain.tip} are here, each with the hash of the one before.`,
    );
  else
    report.limits.push(
      'Order: not all blocks are here. That a record was written in the block it is said to be in, the endorsing majority vouches for.',
    );
}
