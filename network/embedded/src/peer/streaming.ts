import type { EventEmitter } from 'node:events';

/** A signal that aborts when a client cancels a call, its deadline passes or its connection is lost. */
export function signalOf(call: EventEmitter & { cancelled: boolean }): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort(new Error('the call was cancelled'));
  call.on('cancelled', abort);
  if (call.cancelled) abort();
  return {
    signal: controller.signal,
    release: () => {
      call.off('cancelled', abort);
    },
  };
}

/** Writes one message and, where the client reads slower than that, waits until it has caught up. */
export async function sendWithBackPressure<T>(
  call: EventEmitter & { write(message: T): boolean },
  message: T,
  signal: AbortSignal,
): Promise<void> {
  if (call.write(message) || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const resume = () => {
      call.off('drain', resume);
      signal.removeEventListener('abort', resume);
      resolve();
    };
    call.once('drain', resume);
    signal.addEventListener('abort', resume, { once: true });
  });
}
