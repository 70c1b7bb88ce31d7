/** Listens for the REST interface over HTTPS. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { CONNECTIONS_MAX, HEADERS_MS_MAX, KEEP_ALIVE_MS, REQUEST_MS_MAX, STALL_CHECK_MS } from './apiLimits.js';

export type ApiTls = Readonly<{ certPem: string; keyPem: string }>;
/** Shorter in tests. */
export type ApiPatience = Readonly<{ requestMs: number; headersMs: number; checkMs: number }>;
const PATIENCE: ApiPatience = { requestMs: REQUEST_MS_MAX, headersMs: HEADERS_MS_MAX, checkMs: STALL_CHECK_MS };

export class ApiServer {
  readonly #server: Server;

  constructor(tls: ApiTls, app: Express, patience: ApiPatience = PATIENCE) {
    this.#server = createServer(
      {
        cert: tls.certPem,
        key: tls.keyPem,
        minVersion: 'TLSv1.2',
        // Until the whole request is here; an answer may take longer.
        requestTimeout: patience.requestMs,
        headersTimeout: patience.headersMs,
        connectionsCheckingInterval: patience.checkMs,
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
      app,
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** @returns the port that it listens on */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.removeListener('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Ends what is idle at once and lets what is running finish for `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
  }
}
