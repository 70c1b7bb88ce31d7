/** Requests to one gateway over HTTPS: its CA, the person's token, a deadline for each, and errors as errors. */
import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher, request } from 'undici';
import type { z } from 'zod';
import { ANSWER_NOT_UNDERSTOOD, ApiError, GATEWAY_UNREACHABLE } from './apiError.js';
import { Problem } from './resources/problem.js';

/** How to reach a gateway, and as whom. */
export type GatewayAddress = Readonly<{
  /** `https://host:port`, without a path. */
  url: string;
  /** A person's token. Without one only `health` answers. */
  token?: string;
  /** PEM file of the CA that issued the gateway's TLS certificate; absent: those that Node trusts. */
  caFile?: string;
  /** The longest that a request may take, in milliseconds. */
  requestMsMax?: number;
}>;

export type Query = Readonly<Record<string, string | number | undefined>>;
export type RequestOptions = Readonly<{
  query?: Query;
  body?: unknown;
  /** Instead of a body in JSON. */
  upload?: Readonly<{ bytes: Uint8Array; type: string }>;
  signal?: AbortSignal | undefined;
  headers?: Readonly<Record<string, string>>;
  /** Longer than usual, in milliseconds. */
  requestMsMax?: number | undefined;
  /** A larger answer than usual, in bytes. */
  answerBytesMax?: number | undefined;
}>;

const REQUEST_MS_MAX = 60_000;
const CONNECT_MS_MAX = 5_000;
/** An answer that is not a file. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export type Answer = Readonly<{ status: number; location: string | undefined; bytes: Uint8Array }>;
type Method = 'GET' | 'POST' | 'DELETE';

export class Transport {
  readonly #origin: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: Agent;
  readonly #requestMsMax: number;

  constructor({ url, token, caFile, requestMsMax = REQUEST_MS_MAX }: GatewayAddress) {
    const { protocol, origin } = new URL(url);
    if (protocol !== 'https:') throw new TypeError(`a gateway is reached over https, not ${protocol}`);
    this.#origin = origin;
    this.#headers = token ? { authorization: `Bearer ${token}` } : {};
    this.#requestMsMax = requestMsMax;
    this.#agent = new Agent({
      connect: { timeout: CONNECT_MS_MAX, ...(caFile ? { ca: readFileSync(caFile, 'utf8') } : {}) },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** @throws ApiError */
  async json<Shape extends z.ZodType>(
    shape: Shape,
    method: Method,
    path: string,
    options: RequestOptions = {},
  ): Promise<z.infer<Shape>> {
    const { bytes, status } = await this.bytes(method, path, options);
    const parsed = shape.safeParse(jsonOf(bytes));
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new ApiError(ANSWER_NOT_UNDERSTOOD, `${method} ${path}: ${problems}`, { status, cause: parsed.error });
  }

  /** @throws ApiError; the signal's reason */
  async bytes(method: Method, path: string, options: RequestOptions = {}): Promise<Answer> {
    const deadline = AbortSignal.timeout(options.requestMsMax ?? this.#requestMsMax);
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
    try {
      const answer = await this.open(method, path, { ...options, signal });
      const bytes = await bytesOf(answer.body, options.answerBytesMax ?? ANSWER_BYTES_MAX);
      if (answer.statusCode >= 400) throw refusalOf(answer.statusCode, bytes);
      const { location } = answer.headers;
      return { status: answer.statusCode, location: typeof location === 'string' ? location : undefined, bytes };
    } catch (error) {
      options.signal?.throwIfAborted();
      throw this.#asApiError(error);
    }
  }

  /**
   * A file too large to be held: its bytes as they come. One that was cut off throws in the end.
   * @throws ApiError; the signal's reason
   */
  async *pieces(path: string, options: RequestOptions = {}): AsyncGenerator<Uint8Array> {
    const deadline = AbortSignal.timeout(options.requestMsMax ?? this.#requestMsMax);
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
    try {
      const answer = await this.open('GET', path, { ...options, signal });
      if (answer.statusCode >= 400) throw refusalOf(answer.statusCode, await bytesOf(answer.body, ANSWER_BYTES_MAX));
      yield* answer.body;
    } catch (error) {
      options.signal?.throwIfAborted();
      throw this.#asApiError(error);
    }
  }

  /** Sends a request and gives back the answer with its body still to come, whatever its status. No deadline of its own. */
  async open(method: Method, path: string, options: RequestOptions): Promise<Dispatcher.ResponseData> {
    const url = new URL(`/api/v1${path}`, this.#origin);
    for (const [name, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const { upload } = options;
    const body = upload?.bytes ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    try {
      return await request(url, {
        method,
        dispatcher: this.#agent,
        headers: {
          ...this.#headers,
          ...(body === undefined ? {} : { 'content-type': upload?.type ?? 'application/json' }),
          ...options.headers,
        },
        ...(body === undefined ? {} : { body }),
        ...(options.signal ? { signal: options.signal } : {}),
      });
    } catch (error) {
      throw this.#asApiError(error);
    }
  }

  /** Ends the connections that are kept. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #asApiError(error: unknown): ApiError {
    if (error instanceof ApiError) return error;
    const reason = error instanceof Error ? error.message || error.name : String(error);
    return new ApiError(GATEWAY_UNREACHABLE, `the gateway at ${this.#origin} does not answer: ${reason}`, {
      cause: error,
    });
  }
}

/** The error of an answer with a status of 400 or more. */
export function refusalOf(status: number, bytes: Uint8Array): ApiError {
  const problem = Problem.safeParse(jsonOf(bytes));
  return problem.success
    ? ApiError.of(problem.data)
    : new ApiError(ANSWER_NOT_UNDERSTOOD, `the gateway answered ${status} without saying why`, { status });
}

/** @throws ApiError where there are more than `bytesMax` */
export async function bytesOf(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > bytesMax) throw new ApiError(ANSWER_NOT_UNDERSTOOD, `an answer of more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
