import type { NetworkLayout } from '../networkLayout.js';
import type { PartSpec } from '../supervise/partSpec.js';
import type { StartStep } from '../supervise/supervisor.js';

/** A channel's own processes, and what is to be done with them once they are up. */
export interface ChannelPlan {
  readonly parts: readonly PartSpec[];
  readonly steps: readonly StartStep[];
}

/**
 * One kind of channel. Its processes serve each hospital's peer at the `peer` port of the layout; nothing but the table
 * of channels knows the kinds apart.
 */
export interface Channel {
  /** At most so many hospitals run an orderer of their own. */
  readonly orderersMax: number;
  /** Whether its configuration names the nodes, by address and certificate: once it exists, both are fixed. */
  readonly knowsNodes: boolean;
  /** What is set aside for its processes, in MiB. */
  memoryMiB(hospitals: number): number;
  /**
   * Refuses what it cannot be brought up with, before anything is changed.
   *
   * @throws FABRIC_COMMANDS_MISSING, FABRIC_VERSION_WRONG
   */
  check(environment: NodeJS.ProcessEnv): Promise<void>;
  /**
   * Writes its configuration and describes its processes.
   *
   * @param say hears in words what is being done, then and in the steps.
   * @throws BUILD_MISSING, CHANNEL_FAILED
   */
  plan(layout: NetworkLayout, say: (text: string) => void): Promise<ChannelPlan>;
}
