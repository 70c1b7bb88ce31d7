import type { ChannelMirror } from './store/channelMirror.js';

/** Resolves once the mirror has taken a transaction in, or after so many milliseconds without it. */
export function mirrorWait(mirror: ChannelMirror): (transactionId: string, msMax: number) => Promise<void> {
  return (transactionId, msMax) => {
    if (mirror.blockOf(transactionId) !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const stopListening = mirror.onTransactions((transactions) => {
        if (transactions.some((taken) => taken.transactionId === transactionId)) finish();
      });
      const timer = setTimeout(finish, msMax);
      function finish(): void {
        clearTimeout(timer);
        stopListening();
        resolve();
      }
    });
  };
}
