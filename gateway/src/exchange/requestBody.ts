/** Reads bodies whose length is told beforehand, within limits of size, of all bodies together, and of patience. */
import type { IncomingMessage } from 'node:http';
import { refusal } from '@consilium/domain';

export class BodyReader {
  readonly #bytesMax: number;
  readonly #inFlightMax: number;
  readonly #stallMs: number;
  #inFlight = 0;

  constructor(bytesMax: number, inFlightMax: number, stallMs: number) {
    this.#bytesMax = bytesMax;
    this.#inFlightMax = inFlightMax;
    this.#stallMs = stallMs;
  }

  /** @throws ConsiliumError INPUT_INVALID without a length, BODY_TOO_LARGE, EXCHANGE_BUSY, EXCHANGE_REFUSED */
  async read(request: IncomingMessage): Promise<Uint8Array> {
    const length = Number(request.headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(length) || length < 1)
      throw refusal('INPUT_INVALID', { problems: 'the header content-length says how many bytes come' });
    if (length > this.#bytesMax) throw refusal('BODY_TOO_LARGE', { bytesMax: this.#bytesMax });
    if (this.#inFlight + length > this.#inFlightMax) throw refusal('EXCHANGE_BUSY', {});
    this.#inFlight += length;
    try {
      return await this.#collect(request, length);
    } finally {
      this.#inFlight -= length;
    }
  }

  /** Node ends a body at its length, and an early end is an error, so what comes is `length` bytes. */
  async #collect(request: IncomingMessage, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafe(length);
    let at = 0;
    const timer = setTimeout(() => request.destroy(), this.#stallMs);
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        at += chunk.copy(bytes, at);
        timer.refresh();
      }
    } catch (error) {
      throw refusal(
        'EXCHANGE_REFUSED',
        { problem: `the body stopped after ${at} of ${length} bytes` },
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
    }
    return bytes;
  }
}
