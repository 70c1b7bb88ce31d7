/** How a run differs from the real thing: not at all, or by a bug that was planted to see whether it is found. */
import type { Msp } from '@consilium/domain';
import type { AgentPorts } from '../../gateway/src/agent/agentPorts.js';
import type { Arithmetic } from '../../gateway/src/agent/ports.js';
import { roundArithmetic } from '../../gateway/src/learning/aggregate.js';
import type { ChannelMutation } from './channelNetwork.js';

export type Variant = Readonly<{
  arithmetic: Arithmetic;
  channel: ChannelMutation;
  /** Puts other ports in the place of an agent's own. */
  ports?: (msp: Msp, ports: AgentPorts) => AgentPorts;
  /** Puts other ports in the place of the receipt desk's. */
  deskPorts?: (ports: AgentPorts) => AgentPorts;
  startsBeforeCatchingUp: boolean;
}>;

export const REAL: Variant = { arithmetic: roundArithmetic, channel: {}, startsBeforeCatchingUp: false };
