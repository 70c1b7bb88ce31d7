import { status } from '@grpc/grpc-js';
import type { Membership, SignedBytes } from '../membership/membership.js';
import { ImplicitPolicy } from '../membership/policy.js';
import { RpcError } from './rpcErrors.js';

/** Throws an RpcError unless the signer may read the channel. */
export type AccessCheck = (channel: string, signed: SignedBytes) => void;

/** The channel's Readers policy as a check with Fabric's texts. */
export function readerCheck(membership: Membership, ownChannel: string): AccessCheck {
  const readers = new ImplicitPolicy(membership, 'ANY', 'Readers', 'member');
  return (channel, signed) => {
    if (channel !== ownChannel) {
      throw new RpcError(status.PERMISSION_DENIED, `Failed to get policy manager for channel [${channel}]`);
    }
    const missing = readers.refusal(membership.signers([signed]));
    if (missing === undefined) return;
    throw new RpcError(
      status.PERMISSION_DENIED,
      `Failed evaluating policy on signed data during check policy on channel [${channel}] with policy [/Channel/Application/Readers]: [${missing}]`,
    );
  };
}
