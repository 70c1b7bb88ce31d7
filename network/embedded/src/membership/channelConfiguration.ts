import type { ChainReader } from '../ledger/chainReader.js';
import { configIn, lastConfigOf, mspIn } from '../wire/channelConfig.js';
import type { common } from '../wire/proto.js';
import type { Membership } from './membership.js';
import { Msp } from './msp.js';

interface Epoch {
  /** Number of the block that brought this configuration. */
  readonly block: number;
  readonly config: common.Config;
  readonly membership: Membership;
}

/**
 * The channel's configuration, block by block. The `membership` that it is given is that of the newest one, and changes
 * with it; what older blocks were ordered under is kept, so that a verdict never depends on when it is reached.
 */
export class ChannelConfiguration {
  readonly #live: Membership;
  readonly #epochs: Epoch[];

  /** Reads every configuration of the chain. */
  constructor(membership: Membership, chain: Pick<ChainReader, 'height' | 'block'>) {
    this.#live = membership;
    const numbers = [0];
    for (let last = chain.height - 1; last > 0; ) {
      const block = chain.block(last);
      const number = block ? lastConfigOf(block) : 0;
      if (number === 0) break;
      numbers.splice(1, 0, number);
      last = number - 1;
    }
    const block = (number: number) => chain.block(number) as NonNullable<ReturnType<typeof chain.block>>;
    this.#epochs = [{ block: 0, config: configIn(block(0)), membership: membership.copy() }];
    for (const number of numbers.slice(1)) this.adopt(number, configIn(block(number)));
  }

  get config(): common.Config {
    return this.#newest.config;
  }

  /** Number of the newest configuration block. */
  get lastBlock(): number {
    return this.#newest.block;
  }

  /** Whether a block is one of configuration. */
  isConfigBlock(number: number): boolean {
    return this.#epochs.some(({ block }) => block === number);
  }

  /** The membership that a block is judged by. */
  membershipAt(number: number): Membership {
    if (number > this.lastBlock) return this.#live;
    return (this.#epochs.findLast(({ block }) => block < number) ?? (this.#epochs[0] as Epoch)).membership;
  }

  /** Takes up the configuration of a new block. Throws where an MSP in it cannot be used; nothing has changed then. */
  adopt(block: number, config: common.Config): void {
    const providers = this.#live.organizations.map((id) => providerIn(config, id));
    for (const provider of providers) this.#live.replace(provider);
    this.#epochs.push({ block, config, membership: this.#live.copy() });
  }

  get #newest(): Epoch {
    return this.#epochs[this.#epochs.length - 1] as Epoch;
  }
}

/** The membership provider of an organisation as a configuration has it. Throws an Error where it cannot be used. */
export function providerIn(config: common.Config, id: string): Msp {
  const material = mspIn(config, id);
  if (!material || material.roots.length === 0) throw new Error(`the configuration has no usable MSP for ${id}`);
  return new Msp(id, material.roots, material.tlsRoots, material.revocationLists);
}
