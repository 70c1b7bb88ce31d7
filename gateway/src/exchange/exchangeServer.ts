/**
 * The door that other hospitals' gateways knock at, over TLS with certificates on both sides:
 * `POST /exchange/v1/vectors` takes a vector and answers with a receipt, `GET /exchange/v1/blobs/<digest>` serves bytes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ConsiliumError, Digest, type Msp, RoundNumber, refusal, StudyId } from '@consilium/domain';
import type { Blobs, Log, VectorDesk } from '../agent/ports.js';
import {
  BYTES_IN_FLIGHT_MAX,
  CONNECTIONS_MAX,
  KEEP_ALIVE_MS,
  STALL_MS_MAX,
  TRANSFER_MS_MAX,
  VECTOR_BYTES_MAX,
} from './exchangeLimits.js';
import type { TrustedHospitals } from './peerCertificate.js';
import { BodyReader } from './requestBody.js';

export type ExchangeTls = Readonly<{ certPem: string; keyPem: string }>;

export type ExchangeParts = Readonly<{
  trusted: TrustedHospitals;
  desk: VectorDesk;
  blobs: Blobs;
  /** Notes which study accepted bytes belong to. */
  accepted(digest: Digest, study: StudyId): void;
  /** Whether a hospital may have these bytes. */
  mayRead(from: Msp, digest: Digest): boolean;
  log: Log;
}>;

/** Shorter in tests. */
export type ExchangePatience = Readonly<{
  stallMs: number;
  transferMs: number;
  bytesInFlight: number;
  bodyBytes: number;
}>;
const PATIENCE: ExchangePatience = {
  stallMs: STALL_MS_MAX,
  transferMs: TRANSFER_MS_MAX,
  bytesInFlight: BYTES_IN_FLIGHT_MAX,
  bodyBytes: VECTOR_BYTES_MAX,
};

const BLOB_PATH = /^\/exchange\/v1\/blobs\/([0-9a-f]{64})$/;
const VECTORS_PATH = '/exchange/v1/vectors';

const STATUS: Readonly<Record<ConsiliumError['kind'], number>> = {
  invalid: 400,
  forbidden: 403,
  missing: 404,
  conflict: 409,
  limit: 413,
  unavailable: 503,
};

export class ExchangeServer {
  readonly #server: Server;
  readonly #parts: ExchangeParts;
  readonly #bodies: BodyReader;

  constructor(tls: ExchangeTls, parts: ExchangeParts, patience: ExchangePatience = PATIENCE) {
    this.#parts = parts;
    this.#bodies = new BodyReader(patience.bodyBytes, patience.bytesInFlight, patience.stallMs);
    this.#server = createServer(
      {
        cert: tls.certPem,
        key: tls.keyPem,
        ca: parts.trusted.allPem,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.3',
        requestTimeout: patience.transferMs,
        headersTimeout: patience.stallMs,
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('tlsClientError', (error, socket) => {
      parts.log.info(
        { reason: error.message, address: socket.remoteAddress },
        'a connection to the exchange was refused',
      );
      socket.destroy();
    });
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

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const from = this.#parts.trusted.hospitalOf(request.socket as TLSSocket);
      if (!from)
        throw refusal('EXCHANGE_REFUSED', { problem: 'the certificate is not that of a hospital of this channel' });
      const blob = BLOB_PATH.exec(request.url ?? '')?.[1];
      if (request.method === 'POST' && request.url === VECTORS_PATH) await this.#take(from, request, response);
      else if (request.method === 'GET' && blob) await this.#serve(from, blob as Digest, response);
      else {
        const { method = '', url: path = '' } = request;
        throw refusal('ROUTE_UNKNOWN', { method, path: path.slice(0, 200) });
      }
    } catch (error) {
      this.#refuse(error, request, response);
    }
  }

  async #take(from: Msp, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const study = StudyId.safeParse(header(request, 'consilium-study'));
    const round = RoundNumber.safeParse(Number(header(request, 'consilium-round') ?? Number.NaN));
    const digest = Digest.safeParse(header(request, 'consilium-digest'));
    if (!study.success || !round.success || !digest.success)
      throw refusal('INPUT_INVALID', {
        problems: 'the headers consilium-study, consilium-round and consilium-digest name the vector',
      });
    const bytes = await this.#bodies.read(request);
    const pushed = { from, study: study.data, round: round.data, digest: digest.data, bytes };
    const receipt = await this.#parts.desk.receive(pushed);
    this.#parts.accepted(digest.data, study.data);
    send(response, 200, receipt);
  }

  async #serve(from: Msp, digest: Digest, response: ServerResponse): Promise<void> {
    // Whoever may not have them is told what an unknown digest is told.
    const bytes = this.#parts.mayRead(from, digest) ? await this.#parts.blobs.get(digest) : undefined;
    if (!bytes) throw refusal('VECTOR_UNKNOWN', { digest });
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.byteLength });
    response.end(bytes);
  }

  #refuse(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    const refused = error instanceof ConsiliumError ? error : undefined;
    if (!refused) this.#parts.log.error({ error, path: request.url }, 'the exchange failed');
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const { code, detail, kind } = refused ?? refusal('INTERNAL', { reference: 'exchange' });
    // A body that was not read to its end would stand in the way of the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    send(response, STATUS[kind], { code, detail });
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
