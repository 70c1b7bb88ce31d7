/** The channel, from its genesis on, as far as the pack shows it: which configuration was in force at which block. */
import { Doubt, must } from '../doubt.js';
import { Configuration } from '../membership/configuration.js';
import { Message } from '../wire/message.js';
import type { Block } from './block.js';
import { readHeaders } from './headers.js';
import { checkOrdered } from './ordering.js';

/** Fabric's type of a transaction that configures the channel. */
const CONFIG = 1;

export class Chain {
  readonly genesis: string;
  readonly channel: string;
  /** Oldest first. */
  readonly configurations: readonly Configuration[];
  readonly #blocks: ReadonlyMap<number, Block>;

  /**
   * @param blocks whole ones and seals, by number: block 0, every block of configuration, and whichever else is there
   * @throws Doubt where it cannot be told who the members are
   */
  constructor(blocks: ReadonlyMap<number, Block>) {
    this.#blocks = blocks;
    const genesis = blocks.get(0);
    must(genesis?.envelopes !== undefined, 'the genesis block is missing');
    this.genesis = genesis.hash.toString('hex');
    this.channel = channelOf(genesis);
    this.configurations = configurationsIn(blocks, genesis, this.channel);
  }

  get newest(): Configuration {
    return this.configurations.at(-1) as Configuration;
  }

  /** Number of the highest block that is there. */
  get tip(): number {
    return Math.max(...this.#blocks.keys());
  }

  block(number: number): Block | undefined {
    return this.#blocks.get(number);
  }

  /** The configuration that a block's transactions are judged by, as the orderers signed it. @throws Doubt */
  inForceAt(number: number): Configuration {
    const block = this.#blocks.get(number);
    must(block !== undefined, `block ${number} has no seal: which configuration was in force is not shown`);
    // A configuration does not yet govern the block that brings it.
    const isOfConfiguration = number > 0 && block.lastConfiguration === number;
    const found = isOfConfiguration
      ? this.configurations.findLast((each) => each.block < number)
      : this.configurations.find((each) => each.block === block.lastConfiguration);
    if (!found) throw new Doubt(`the configuration of block ${block.lastConfiguration} is missing`);
    return found;
  }

  /** Whether every block up to the tip is there, whole, each with the hash of the one before. */
  isWhole(): boolean {
    return this.tip + 1 === this.#blocks.size && [...this.#blocks.values()].every(({ envelopes }) => envelopes);
  }

  /** @throws Doubt where a block does not carry the hash of the one before it, of those that are there */
  checkLinks(): void {
    for (const block of this.#blocks.values()) {
      const before = this.#blocks.get(block.number - 1);
      if (before)
        must(block.previousHash.equals(before.hash), `block ${block.number} does not follow block ${before.number}`);
    }
  }

  /** Checks the orderers' signatures under a block. @throws Doubt */
  checkOrdered(number: number): number {
    const block = this.#blocks.get(number) as Block;
    return number === 0 ? 0 : checkOrdered(block, this.inForceAt(number), timeOf(block));
  }

  numbers(): number[] {
    return [...this.#blocks.keys()].sort((a, b) => a - b);
  }
}

/** Newest first, back through what orderers signed, then read from the oldest on. @throws Doubt */
function configurationsIn(blocks: ReadonlyMap<number, Block>, genesis: Block, channel: string): Configuration[] {
  const found = [configurationOf(genesis, channel)];
  const numbers = [...blocks.values()]
    .filter(({ number, lastConfiguration, envelopes }) => number > 0 && number === lastConfiguration && envelopes)
    .map(({ number }) => number)
    .sort((a, b) => a - b);
  for (const number of numbers) {
    const block = blocks.get(number) as Block;
    const before = found.at(-1) as Configuration;
    // Signed by whom the configuration before named; numbered without a gap, so that none is left out.
    checkOrdered(block, before, undefined);
    const configuration = configurationOf(block, channel);
    must(
      configuration.sequence === before.sequence + 1,
      `a configuration between those of blocks ${before.block} and ${number} is missing`,
    );
    found.push(configuration);
  }
  const tip = blocks.get(Math.max(...blocks.keys())) as Block;
  must(
    tip.lastConfiguration === (found.at(-1) as Configuration).block,
    `block ${tip.number} names the configuration of block ${tip.lastConfiguration} as the newest, which is missing`,
  );
  return found;
}

function configurationOf(block: Block, channel: string): Configuration {
  const [only, ...rest] = block.envelopes ?? [];
  must(only !== undefined && rest.length === 0, `block ${block.number} holds no configuration`);
  const payload = new Message(new Message(only, 'an envelope').bytes(1), 'a payload');
  const headers = readHeaders(payload.message(1, 'header'));
  must(
    headers.type === CONFIG && headers.channel === channel,
    `block ${block.number} holds no configuration of this channel`,
  );
  return new Configuration(block.number, new Message(payload.bytes(2), 'a configuration').message(1, 'configuration'));
}

function channelOf(genesis: Block): string {
  const payload = new Message(
    new Message(genesis.envelopes?.[0] ?? Buffer.alloc(0), 'an envelope').bytes(1),
    'genesis',
  );
  return readHeaders(payload.message(1, 'header')).channel;
}

/** The time of a block is that of its first transaction, as its creator said and its endorsers let pass. */
function timeOf({ envelopes }: Block): number | undefined {
  const [first] = envelopes ?? [];
  if (!first) return undefined;
  const payload = new Message(new Message(first, 'an envelope').bytes(1), 'a payload');
  const { type, at } = readHeaders(payload.message(1, 'header'));
  return type === CONFIG ? undefined : at;
}
