/** Whether the own peer is what this gateway was made for, before anything is read from it or sent to it. */
import { ConsiliumError } from '@consilium/domain';
import type { Log, Timers } from './agent/ports.js';

/** A peer that is away when the gateway starts is asked again this often. */
const PEER_AGAIN_MS = 1_000;

export type PeerCheck = Readonly<{
  /** @throws ConsiliumError LEDGER_UNAVAILABLE while the peer does not answer; anything else is final */
  check(): Promise<void>;
  timers: Timers;
  log: Log;
}>;

/**
 * Asks once.
 * @returns whether the peer answered
 * @throws what `check` throws for good, such as CHAINCODE_DIFFERS
 */
export async function peerAnswers({ check, log }: PeerCheck): Promise<boolean> {
  try {
    await check();
    return true;
  } catch (error) {
    if (!isAway(error)) throw error;
    log.warn({ reason: (error as Error).message }, 'the peer does not answer yet');
    return false;
  }
}

/** Asks until the peer answers. @throws what `check` throws for good; the signal's reason */
export async function untilPeerAnswers({ check, timers }: PeerCheck, signal: AbortSignal): Promise<void> {
  for (;;) {
    await new Promise<void>((resolve) => timers.after(PEER_AGAIN_MS, resolve));
    signal.throwIfAborted();
    try {
      await check();
      return;
    } catch (error) {
      if (!isAway(error)) throw error;
    }
  }
}

function isAway(error: unknown): boolean {
  return error instanceof ConsiliumError && error.code === 'LEDGER_UNAVAILABLE';
}
