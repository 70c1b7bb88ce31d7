/** The REST interface over real HTTPS, with what it needs of its hospital replaced by what a test says. It is not built. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import type { Digest, Role } from '@consilium/domain';
import { testAuthority, testCertificate } from '../../../../test/support/testCertificates.js';
import type { Blobs, FailureBook, Log, RoundVerifier, TimingsBook } from '../../agent/ports.js';
import type { HospitalContact } from '../../exports/consentFile.js';
import { type Api, makeApi } from '../api.js';
import { type ApiPatience, ApiServer } from '../apiServer.js';
import { EventHub } from '../eventHub.js';
import type { ApiParts, IndependentVerifier, LedgerReadings, OwnRows, PeerView, Person, Sent } from '../ports.js';
import { CLEVELAND, digestOf, StateInMemory, transactionIdOf } from './channelExample.js';

export type Reply = Readonly<{
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers have every shape, and tests say what they expect of them
  json: any;
}>;
export type Asked = Readonly<{
  as?: string;
  body?: unknown;
  raw?: string;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}>;

/** A command that a person sent. */
export type SentCommand = Readonly<{ person: string; name: string; command: unknown }>;

const ROLES: readonly Role[] = [
  'admin',
  'researcher',
  'data-steward',
  'compliance-officer',
  'clinical-approver',
  'auditor',
  'patient-desk',
];

export class ApiUnderTest {
  readonly state = new StateInMemory();
  readonly events = new EventHub();
  readonly sent: SentCommand[] = [];
  readonly logged: { fields: Readonly<Record<string, unknown>>; message: string }[] = [];
  readonly blobs = new Map<Digest, Uint8Array>();
  /** How the next transactions go; a test replaces it. */
  send: (command: SentCommand) => Promise<Sent> = async (command) => {
    const transactionId = transactionIdOf(`sent ${this.sent.length}`);
    return {
      transactionId,
      committed: async () => {
        this.onCommit(command, transactionId);
        return { transactionId, blockNumber: this.state.blockOf(transactionId) ?? 0, result: undefined };
      },
    };
  };
  /** What a commit writes. */
  onCommit: (command: SentCommand, transactionId: string) => void = () => undefined;
  peer: PeerView = {
    isUp: () => true,
    recentCommitMs: () => 40,
    transactions: () => ({ valid: 3, invalid: 1, invalidByCode: { MVCC_READ_CONFLICT: 1 }, refused: 2 }),
    fateOf: async () => undefined,
  };
  ownRows: OwnRows = {
    predictions: unexpected,
    trainAlone: unexpected,
    report: unexpected,
    engine: () => null,
  };
  verifier: RoundVerifier = { verify: unexpected };
  independent: IndependentVerifier = { check: unexpected };
  timings: TimingsBook = { timings: () => undefined };
  failures: FailureBook = { failures: () => [] };
  /** Set before `start`. */
  fhir: ApiParts['fhir'];
  /** Set before `start`. */
  evidence: ApiParts['evidence'];
  /** Set before `start`. */
  consents: ApiParts['consents'];
  /** Set before `start`: another state of the channel than `state`. */
  readings: LedgerReadings = this.state;
  now: () => number = () => 1_000;
  /** A test may say more of it at any time. */
  readonly contact: Partial<Record<keyof HospitalContact, string>> = {};
  consentReadings: ApiParts['consentReadings'] = {
    events: unexpected,
    placeOf: () => undefined,
    joins: unexpected,
    firstJoinAfter: () => undefined,
    firstJoinsAfter: () => ({ items: [], total: 0, more: false }),
  };

  #server: ApiServer | undefined;
  #api: Api | undefined;
  #port = 0;
  #caPem = '';

  async start(patience?: ApiPatience): Promise<void> {
    const authority = await testAuthority(CLEVELAND);
    const tls = await testCertificate(authority, { organisation: CLEVELAND });
    this.#caPem = authority.certPem;
    this.#api = makeApi(this.#parts(), this.events);
    this.#server = new ApiServer(tls, this.#api.app, patience);
    this.#port = await this.#server.listen('localhost', 0);
  }

  async stop(): Promise<void> {
    this.#api?.close();
    await this.#server?.close(100);
  }

  get address() {
    return { host: 'localhost', port: this.#port, ca: this.#caPem };
  }

  get = (path: string, asked: Asked = { as: 'researcher' }): Promise<Reply> => this.ask('GET', path, asked);
  post = (path: string, body: unknown, asked: Asked = { as: 'researcher' }): Promise<Reply> =>
    this.ask('POST', path, { ...asked, body });

  ask(method: string, path: string, { as, body, raw, headers, signal }: Asked): Promise<Reply> {
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const sending = request(
        {
          ...this.address,
          method,
          path: path.startsWith('!') ? path.slice(1) : `/api/v1${path}`,
          agent: false,
          ...(signal ? { signal } : {}),
          headers: {
            ...(as ? { authorization: `Bearer ${tokenOf(as)}` } : {}),
            ...(content === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          answer.on('end', () => {
            const isJson = /\bjson\b/.test(answer.headers['content-type'] ?? '');
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              text,
              json: isJson && text !== '' ? JSON.parse(text) : undefined,
            });
          });
          answer.on('error', reject);
        },
      );
      sending.on('error', reject);
      sending.end(content);
    });
  }

  #parts(): ApiParts {
    const log: Log = {
      info: (fields, message) => this.logged.push({ fields, message }),
      warn: (fields, message) => this.logged.push({ fields, message }),
      error: (fields, message) => this.logged.push({ fields, message }),
    };
    const blobs: Blobs = {
      put: unexpected,
      get: async (digest) => this.blobs.get(digest),
      read: unexpected,
      has: async (digest) => this.blobs.has(digest),
      remove: unexpected,
    };
    return {
      hospital: {
        msp: CLEVELAND,
        name: 'Cleveland',
        contact: this.contact,
        exchangeUrl: 'https://localhost:9443',
        channel: 'consilium',
        chaincode: 'consilium',
        chaincodeDigest: digestOf('chaincode'),
      },
      people: [...ROLES.map((role) => this.#person(role, role)), this.#person('visitor', undefined)],
      readings: this.readings,
      peer: {
        isUp: () => this.peer.isUp(),
        recentCommitMs: () => this.peer.recentCommitMs(),
        transactions: () => this.peer.transactions(),
        fateOf: (transactionId, msMax) => this.peer.fateOf(transactionId, msMax),
      },
      blobs,
      verifier: { verify: (study, round, signal) => this.verifier.verify(study, round, signal) },
      independent: { check: (pack, signal) => this.independent.check(pack, signal) },
      timings: { timings: (study, round) => this.timings.timings(study, round) },
      failures: { failures: (study) => this.failures.failures(study) },
      ownRows: {
        predictions: (asked, signal) => this.ownRows.predictions(asked, signal),
        trainAlone: (asked, onProgress, signal) => this.ownRows.trainAlone(asked, onProgress, signal),
        report: (study, protocol, signal) => this.ownRows.report(study, protocol, signal),
        engine: () => this.ownRows.engine(),
      },
      consents: this.consents,
      evidence: { as: (person) => this.evidence?.as(person) },
      consentReadings: this.consentReadings,
      ...(this.fhir ? { fhir: this.fhir } : {}),
      clock: { now: () => this.now(), monotonic: () => performance.now() },
      log,
    };
  }

  #person(name: string, role: Role | undefined): Person {
    return {
      name,
      role,
      tokenSha256: createHash('sha256').update(tokenOf(name)).digest('hex'),
      channel: {
        send: async (transaction, command) => {
          const sent = { person: name, name: transaction, command };
          this.sent.push(sent);
          return this.send(sent);
        },
      },
    };
  }
}

export function tokenOf(name: string): string {
  return `token-of-${name}`;
}

function unexpected(): never {
  throw new Error('the test expects no such call');
}
