import type { ChannelKind } from '@consilium/domain';
import type { NetworkLayout } from '../networkLayout.js';
import type { PartSpec } from '../supervise/partSpec.js';
import { embeddedChannel } from './embedded.js';

/**
 * Writes the configuration of a channel's own processes and describes them. They serve each hospital's peer at the
 * `peer` port of the layout. Nothing but this table knows the kinds apart.
 */
export type ChannelPlanner = (layout: NetworkLayout) => PartSpec[];

export const CHANNELS: Readonly<Record<ChannelKind, ChannelPlanner>> = { embedded: embeddedChannel };
