/** Gathers what a pack holds of the channel: endorsed answers, who wrote what was answered, and the blocks that bear it out. */
import { type ConsentContent, ledgerKey, refusal, tenDigits } from '@consilium/domain';
import { Archive, type SealedArchive } from './archive.js';
import { WHOLE_BLOCKS_MAX } from './evidenceLimits.js';
import type { Chain, ChainBlock, EndorsedPage, PackSigner } from './ports.js';

export type PackNames = Readonly<{ channel: string; chaincode: string }>;

/**
 * Which blocks a pack holds whole. `configurations`: those that brought one; of blocks that records were written in, header
 * and signatures are enough. `written`: these too. `all`: every one, so that the order of everything is shown.
 */
export type BlocksTaken = 'configurations' | 'written' | 'all';

export class PackParts {
  readonly archive = new Archive();
  readonly #chain: Chain;
  readonly #places = new Map<string, Readonly<{ block: number; index: number }>>();
  readonly #blocks = new Map<number, Promise<ChainBlock>>();
  readonly #keys = new Set<string>();
  #answers = 0;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /** Takes all pages of an answer. */
  addAnswer(pages: readonly EndorsedPage[]): void {
    for (const { proposal, signature, payload, endorsements, records } of pages) {
      this.archive.addJson(`answers/${tenDigits(this.#answers)}.json`, {
        proposal: base64(proposal),
        signature: base64(signature),
        payload: base64(payload),
        endorsements: endorsements.map((each) => ({
          endorser: base64(each.endorser),
          signature: base64(each.signature),
        })),
      });
      this.#answers += 1;
      for (const { key, place } of records) {
        this.#keys.add(key);
        this.#places.set(`${place.block} ${place.index}`, place);
      }
    }
  }

  /** Whether an event stands on the channel as far as was answered: itself, or the root of its batch. */
  stands({ msp, ref, seq }: Pick<ConsentContent, 'msp' | 'ref' | 'seq'>, batch: number | null): boolean {
    return this.#keys.has(batch === null ? ledgerKey.consent(msp, ref, seq) : ledgerKey.consentRoot(msp, batch));
  }

  /**
   * Adds the transactions behind all answers, the configurations, a seal of each block that is named, and of the newest.
   * @returns the pack, signed
   */
  async finish(
    about: Readonly<{
      names: PackNames;
      subject: unknown;
      signer: PackSigner;
      createdAt: number;
      blocks: BlocksTaken;
    }>,
    signal?: AbortSignal,
  ): Promise<SealedArchive> {
    const height = await this.#chain.height();
    const named = new Set<number>([height - 1]);
    await this.#addTransactions(named, signal);
    const configurations = await this.#configurations(height - 1);
    if (about.blocks === 'all') await this.#addWhole(height, signal);
    else {
      const whole = new Set(configurations);
      if (about.blocks === 'written') for (const number of named) whole.add(number);
      for (const number of whole) this.archive.add(`blocks/${tenDigits(number)}`, (await this.#block(number)).bytes);
      for (const number of named)
        if (!whole.has(number)) this.archive.add(`seals/${tenDigits(number)}`, (await this.#block(number)).seal);
    }
    // Each block carries the hash of the one before, and a channel that runs a chaincode has more than one.
    const genesis = (await this.#block(1)).previousHash;
    const { names, signer, subject, createdAt } = about;
    this.archive.addJson('about.json', {
      ...names,
      createdAt,
      genesis,
      height,
      msp: signer.msp,
      signer: base64(signer.certificate),
      subject,
    });
    return this.archive.sealed(signer.sign);
  }

  /** Also names their blocks. */
  async #addTransactions(named: Set<number>, signal: AbortSignal | undefined): Promise<void> {
    const authors: { block: number; index: number; transaction: string }[] = [];
    const places = [...this.#places.values()].sort((a, b) => a.block - b.block || a.index - b.index);
    for (const { block, index } of places) {
      signal?.throwIfAborted();
      const transaction = (await this.#block(block)).transactions[index];
      if (!transaction) throw refusal('LEDGER_RECORD_UNKNOWN', { what: `transaction ${index} in block ${block}` });
      this.archive.add(`transactions/${transaction.id}`, transaction.bytes);
      authors.push({ block, index, transaction: transaction.id });
      named.add(block);
    }
    this.archive.addJson('authors.json', authors);
  }

  /** Blocks that brought a configuration, the first one among them. */
  async #configurations(newest: number): Promise<number[]> {
    const found = [0];
    for (let number = newest; number > 0; ) {
      const { lastConfiguration } = await this.#block(number);
      if (lastConfiguration === 0) break;
      found.push(lastConfiguration);
      number = lastConfiguration - 1;
    }
    return found;
  }

  async #addWhole(height: number, signal: AbortSignal | undefined): Promise<void> {
    if (height > WHOLE_BLOCKS_MAX)
      throw refusal('EVIDENCE_INVALID', {
        problem: `the channel has ${height} blocks, and a pack takes ${WHOLE_BLOCKS_MAX}`,
      });
    for (let number = 0; number < height; number++) {
      signal?.throwIfAborted();
      this.archive.add(`blocks/${tenDigits(number)}`, (await this.#block(number)).bytes);
    }
  }

  #block(number: number): Promise<ChainBlock> {
    const found = this.#blocks.get(number) ?? this.#chain.block(number);
    this.#blocks.set(number, found);
    return found;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
