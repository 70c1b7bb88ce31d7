import type { ChannelKind } from '@consilium/domain';
import type { Channel } from './channel.js';
import { EMBEDDED_CHANNEL } from './embedded.js';
import { FABRIC_CHANNEL } from './fabric/fabricChannel.js';

/** Every kind of channel that can be brought up: a new kind is one more row. */
export const CHANNELS: Readonly<Record<ChannelKind, Channel>> = {
  embedded: EMBEDDED_CHANNEL,
  fabric: FABRIC_CHANNEL,
};
