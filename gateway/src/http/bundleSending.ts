/** Sends large packs as they are read: never more than one of their files in memory, a few of them at one time. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { refusal } from '@consilium/domain';
import type { Response } from 'express';
import type { Log } from '../agent/ports.js';
import type { SealedArchive } from '../exports/evidence/archive.js';
import { BUNDLE_SEND_MS_MAX, BUNDLES_SENT_MAX } from './apiLimits.js';

export class BundleSending {
  readonly #log: Log;
  #sent = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Makes a pack and sends it. Nothing goes on for somebody who has left.
   * @throws ConsiliumError PACKS_TOO_MANY, and whatever making it throws; once it is on its way, the connection ends instead
   */
  async send(response: Response, name: string, make: (signal: AbortSignal) => Promise<SealedArchive>): Promise<void> {
    if (this.#sent >= BUNDLES_SENT_MAX) throw refusal('PACKS_TOO_MANY', { packsMax: BUNDLES_SENT_MAX });
    this.#sent += 1;
    const leaving = new AbortController();
    response.on('close', () => leaving.abort());
    const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(BUNDLE_SEND_MS_MAX)]);
    try {
      const pack = await make(signal);
      response.setHeader('content-disposition', `attachment; filename="${name}.evidence"`);
      response.setHeader('content-length', pack.bytes);
      response.type('application/octet-stream');
      await pipeline(Readable.from(pack.pieces(), { objectMode: false, highWaterMark: 1 }), response, { signal });
    } catch (error) {
      if (!response.headersSent) throw error;
      // Who asked sees fewer bytes than were announced: half a pack is taken for none.
      if (!leaving.signal.aborted) this.#log.warn({ error, name }, 'a bundle was not sent to its end');
      response.destroy();
    } finally {
      this.#sent -= 1;
    }
  }
}
