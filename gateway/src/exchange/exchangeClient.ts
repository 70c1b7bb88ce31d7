/** Pushes vectors to other hospitals' gateways, and fetches bytes from whoever holds them. */
import { createHash } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import {
  ConsiliumError,
  type Digest,
  ERRORS,
  type ErrorCode,
  Hospital,
  ledgerKey,
  type Msp,
  Receipt,
  refusal,
  type StudyId,
} from '@consilium/domain';
import { type Dispatcher, Pool } from 'undici';
import type { ChannelState, Exchange, Log } from '../agent/ports.js';
import {
  ANSWER_BYTES_MAX,
  ANSWER_MS_MAX,
  BLOB_BYTES_MAX,
  CONNECT_MS_MAX,
  CONNECTIONS_PER_PEER_MAX,
  KEEP_ALIVE_MS,
  STALL_MS_MAX,
  TRANSFER_MS_MAX,
  TRANSFERS_MAX,
} from './exchangeLimits.js';
import type { ExchangeTls } from './exchangeServer.js';
import type { TrustedHospitals } from './peerCertificate.js';
import { Turns } from './turns.js';

/** A push may take this long, and a millisecond for each so many bytes. */
const PUSH_MS = 20_000;
const PUSH_BYTES_PER_MS_MIN = 250;

type Answer = Readonly<{ status: number; bytes: Uint8Array }>;

export class ExchangeClient implements Exchange {
  readonly #own: Msp;
  readonly #state: ChannelState;
  readonly #trusted: TrustedHospitals;
  readonly #tls: ExchangeTls;
  readonly #log: Log;
  readonly #pools = new Map<Msp, Readonly<{ url: string; pool: Pool }>>();
  readonly #turns = new Turns(TRANSFERS_MAX);

  constructor(own: Msp, state: ChannelState, trusted: TrustedHospitals, tls: ExchangeTls, log: Log) {
    this.#own = own;
    this.#state = state;
    this.#trusted = trusted;
    this.#tls = tls;
    this.#log = log;
  }

  /**
   * @throws ConsiliumError what the other hospital refuses with; HOSPITAL_UNKNOWN, EXCHANGE_UNREACHABLE, EXCHANGE_REFUSED
   */
  async push(
    to: Msp,
    vector: Readonly<{ study: StudyId; round: number; digest: Digest; bytes: Uint8Array }>,
    signal?: AbortSignal,
  ): Promise<Receipt> {
    const { study, round, digest, bytes } = vector;
    const msMax = Math.min(TRANSFER_MS_MAX, PUSH_MS + Math.ceil(bytes.byteLength / PUSH_BYTES_PER_MS_MIN));
    const request = {
      path: '/exchange/v1/vectors',
      method: 'POST' as const,
      headers: {
        'content-type': 'application/octet-stream',
        'consilium-study': study,
        'consilium-round': String(round),
        'consilium-digest': digest,
      },
      body: bytes,
    };
    const answer = await this.#turns.run(() => this.#send(to, request, ANSWER_BYTES_MAX, msMax, signal), signal);
    const receipt = Receipt.safeParse(jsonOf(answer.bytes));
    if (!receipt.success || receipt.data.msp !== to)
      throw refusal('EXCHANGE_REFUSED', { problem: `${to} answered without a receipt of its own` });
    return receipt.data;
  }

  /** @throws ConsiliumError EXCHANGE_UNREACHABLE naming who did not answer, VECTOR_UNKNOWN */
  async fetch(digest: Digest, holders: readonly Msp[], signal?: AbortSignal): Promise<Uint8Array> {
    const silent: Msp[] = [];
    for (const holder of holders) {
      if (holder === this.#own) continue;
      try {
        const request = { path: `/exchange/v1/blobs/${digest}`, method: 'GET' as const };
        const { bytes } = await this.#turns.run(
          () => this.#send(holder, request, BLOB_BYTES_MAX, TRANSFER_MS_MAX, signal),
          signal,
        );
        if (createHash('sha256').update(bytes).digest('hex') === digest) return bytes;
        this.#log.warn({ holder, digest }, 'a hospital served other bytes than it was asked for');
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof ConsiliumError)) throw error;
        if (error.code !== 'VECTOR_UNKNOWN') silent.push(holder);
        this.#log.info({ holder, digest, code: error.code }, 'a holder did not serve bytes');
      }
    }
    if (silent.length > 0) throw refusal('EXCHANGE_UNREACHABLE', { msp: silent.join(', ') });
    throw refusal('VECTOR_UNKNOWN', { digest });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(({ pool }) => pool.destroy()));
    this.#pools.clear();
  }

  async #send(
    to: Msp,
    request: Omit<Dispatcher.RequestOptions, 'origin'>,
    bytesMax: number,
    msMax: number,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const deadline = AbortSignal.timeout(msMax);
    const ending = signal ? AbortSignal.any([signal, deadline]) : deadline;
    let answer: Answer;
    try {
      const { statusCode: status, body } = await this.#poolOf(to).request({ ...request, signal: ending });
      answer = { status, bytes: await bytesOf(body, status < 400 ? bytesMax : ANSWER_BYTES_MAX) };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ConsiliumError) throw error;
      throw refusal('EXCHANGE_UNREACHABLE', { msp: to }, { cause: error });
    }
    if (answer.status >= 400) throw refusalOf(to, answer);
    return answer;
  }

  #poolOf(msp: Msp): Pool {
    const hospital = Hospital.safeParse(this.#state.get(ledgerKey.hospital(msp)));
    if (!hospital.success) throw refusal('HOSPITAL_UNKNOWN', { msp });
    const ca = this.#trusted.caPemOf(msp);
    if (!ca) throw refusal('EXCHANGE_REFUSED', { problem: `this gateway does not know the TLS CA of ${msp}` });
    const { origin: url } = new URL(hospital.data.exchangeUrl);
    const found = this.#pools.get(msp);
    if (found?.url === url) return found.pool;
    found?.pool.destroy().catch(() => undefined);
    const pool = new Pool(url, {
      connections: CONNECTIONS_PER_PEER_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS / 2,
      headersTimeout: ANSWER_MS_MAX,
      bodyTimeout: STALL_MS_MAX,
      connect: {
        timeout: CONNECT_MS_MAX,
        minVersion: 'TLSv1.3',
        ca,
        cert: this.#tls.certPem,
        key: this.#tls.keyPem,
        checkServerIdentity: (host: string, peer: PeerCertificate) =>
          checkServerIdentity(host, peer) ??
          (this.#trusted.hospitalNamed(peer) === msp ? undefined : new Error(`not the certificate of ${msp}`)),
      },
    });
    this.#pools.set(msp, { url, pool });
    return pool;
  }
}

async function bytesOf(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > bytesMax) throw refusal('EXCHANGE_REFUSED', { problem: `an answer of more than ${bytesMax} bytes` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** Another hospital's refusal, in the words of the catalogue. */
function refusalOf(msp: Msp, { status, bytes }: Answer): ConsiliumError {
  const { code, detail } = (jsonOf(bytes) ?? {}) as { code?: unknown; detail?: unknown };
  if (typeof code === 'string' && Object.hasOwn(ERRORS, code) && typeof detail === 'string')
    return new ConsiliumError(code as ErrorCode, detail);
  return refusal('EXCHANGE_REFUSED', { problem: `${msp} answered ${status}` });
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
