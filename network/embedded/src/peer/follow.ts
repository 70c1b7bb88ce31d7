import type { CommittedBlock, PeerLedger } from '../ledger/peerLedger.js';

/** Yields the blocks that a peer has committed from `start` on, and waits for more until `signal` aborts. */
export async function* followBlocks(
  ledger: PeerLedger,
  start: number,
  signal: AbortSignal,
): AsyncGenerator<CommittedBlock> {
  for (let number = start; !signal.aborted; number++) {
    if (number >= ledger.height) await nextCommit(ledger, number, signal);
    if (signal.aborted) return;
    const block = ledger.committed(number);
    if (block) yield block;
  }
}

function nextCommit(ledger: PeerLedger, number: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (number >= ledger.height && !signal.aborted) return;
      stop();
      signal.removeEventListener('abort', check);
      resolve();
    };
    const stop = ledger.onCommit(check);
    signal.addEventListener('abort', check, { once: true });
  });
}
