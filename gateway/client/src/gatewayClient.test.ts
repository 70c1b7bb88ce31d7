import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type CertificateAndKey,
  type TestAuthority,
  testAuthority,
  testCertificate,
} from '../../../test/support/testCertificates.js';
import { ANSWER_NOT_UNDERSTOOD, ApiError, GATEWAY_UNREACHABLE } from './apiError.js';
import { GatewayClient } from './gatewayClient.js';
import type { GatewayEvent } from './resources/index.js';

const ID = 'a'.repeat(64);
const PENDING = { transactionId: ID, state: 'pending', validationCode: null, block: null, record: null };
const HEALTH = {
  status: 'up',
  msp: 'ClevelandMSP',
  name: 'Cleveland',
  height: 3,
  peerReachable: true,
  engine: null,
  studiesRunning: [],
};

let folder: string;
let authority: TestAuthority;
let certificate: CertificateAndKey;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'client-'));
  authority = await testAuthority('ClevelandMSP');
  certificate = await testCertificate(authority, { organisation: 'ClevelandMSP' });
  writeFileSync(join(folder, 'ca.pem'), authority.certPem);
});
afterAll(() => rmSync(folder, { recursive: true }));

type Asked = Readonly<{ method: string; url: string; headers: IncomingMessage['headers']; body: string }>;

let server: Server;
let url: string;
let asked: Asked[];
let answer: (asked: Asked, response: ServerResponse) => void;
let clients: GatewayClient[];
beforeEach(async () => {
  asked = [];
  clients = [];
  server = createServer({ cert: certificate.certPem, key: certificate.keyPem }, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      asked.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  url = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function client(options: Partial<ConstructorParameters<typeof GatewayClient>[0]> = {}): GatewayClient {
  const made = new GatewayClient({ url, caFile: join(folder, 'ca.pem'), token: 'the-token', ...options });
  clients.push(made);
  return made;
}

const send = (response: ServerResponse, status: number, body: unknown, type = 'application/json') =>
  void response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));

describe('a request', () => {
  test('carries the token and is answered with a parsed resource', async () => {
    answer = (_, response) => send(response, 200, HEALTH);
    expect(await client().health()).toEqual(HEALTH);
    expect(asked).toMatchObject([
      { method: 'GET', url: '/api/v1/health', headers: { authorization: 'Bearer the-token' } },
    ]);
  });

  test('waits for a commit in the way it is asked to', async () => {
    answer = (_, response) => send(response, 202, PENDING);
    const gateway = client();
    const body = { subject: 'end', yes: true } as const;
    await gateway.castVote('heart', body);
    await gateway.castVote('heart', body, { wait: true });
    expect(await gateway.castVote('heart', body, { wait: 20 })).toMatchObject({ state: 'pending', record: null });
    expect(asked.map((one) => [one.url, one.headers.prefer])).toEqual([
      ['/api/v1/studies/heart/votes', undefined],
      ['/api/v1/studies/heart/votes?wait=commit', undefined],
      ['/api/v1/studies/heart/votes', 'wait=20'],
    ]);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual(body);
  });

  test('cannot leave its path by a name', async () => {
    answer = (_, response) => send(response, 404, {});
    await expect(client().study('../hospitals?x#y')).rejects.toThrow();
    expect(asked[0]?.url).toBe('/api/v1/studies/..%2Fhospitals%3Fx%23y');
  });

  test('of a list goes on until the last page', async () => {
    answer = ({ url: path }, response) => {
      const next = path.includes('cursor=two') ? null : 'two';
      send(response, 200, { items: [], total: 2, next });
    };
    const gateway = client();
    await gateway.all((page) => gateway.rounds('heart', page));
    expect(asked.map((one) => one.url)).toEqual([
      '/api/v1/studies/heart/rounds',
      '/api/v1/studies/heart/rounds?cursor=two',
    ]);
  });
});

describe('an error', () => {
  test('of the gateway keeps code, detail, status and transaction', async () => {
    const problem = {
      type: 'urn:consilium:error:LEDGER_CONFLICT',
      title: 'x',
      status: 409,
      code: 'LEDGER_CONFLICT',
      detail: 'read again',
      transactionId: ID,
    };
    answer = (_, response) => send(response, 409, problem, 'application/problem+json');
    const failure = await client()
      .study('heart')
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({
      code: 'LEDGER_CONFLICT',
      message: 'LEDGER_CONFLICT: read again',
      status: 409,
      transactionId: ID,
    });
  });

  test('of a stopped gateway says which, and why', async () => {
    const stopped = client({ url: 'https://localhost:1' });
    await expect(stopped.health()).rejects.toMatchObject({
      code: GATEWAY_UNREACHABLE,
      status: undefined,
      detail: expect.stringContaining('https://localhost:1'),
    });
  });

  test('of a certificate that the CA did not issue stops before the token is sent', async () => {
    const foreign = await testAuthority('ClevelandMSP');
    writeFileSync(join(folder, 'foreign.pem'), foreign.certPem);
    await expect(client({ caFile: join(folder, 'foreign.pem') }).health()).rejects.toMatchObject({
      code: GATEWAY_UNREACHABLE,
    });
    expect(asked).toEqual([]);
  });

  test('of a silent gateway comes at the deadline', async () => {
    answer = () => undefined;
    await expect(client({ requestMsMax: 100 }).health()).rejects.toMatchObject({ code: GATEWAY_UNREACHABLE });
  });

  test('of an answer that is none is told as such', async () => {
    answer = (_, response) => send(response, 200, { ...HEALTH, status: 'sideways' });
    await expect(client().health()).rejects.toMatchObject({
      code: ANSWER_NOT_UNDERSTOOD,
      detail: expect.stringContaining('status'),
    });
    answer = (_, response) => void response.writeHead(502).end('<html>');
    await expect(client().health()).rejects.toMatchObject({ code: ANSWER_NOT_UNDERSTOOD, status: 502 });
  });

  test('of an address without TLS comes before anything is sent', () => {
    expect(() => new GatewayClient({ url: 'http://localhost:1', token: 'x' })).toThrow(TypeError);
  });

  test('is the abort where the caller no longer wants the answer', async () => {
    answer = () => undefined;
    const stop = new AbortController();
    const waiting = client().health({ signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('events', () => {
  const agent = (id: string, round: number) =>
    `event:agent\nid:${id}\ndata:${JSON.stringify({ study: 'heart', round, event: 'step-started', step: 'x', at: 1 })}\n\n`;

  test('come on after a broken stream, from the last one that was seen', async () => {
    answer = ({ headers }, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (headers['last-event-id'] === undefined) {
        response.write(agent('a-1', 1) + agent('a-2', 2));
        setTimeout(() => response.destroy(), 20);
      } else response.write(agent('a-3', 3));
    };
    const stop = new AbortController();
    const seen: GatewayEvent[] = [];
    for await (const event of client().events('heart', stop.signal)) {
      seen.push(event);
      if (seen.length === 3) stop.abort();
    }
    expect(seen.map((event) => (event.type === 'agent' ? event.round : event.type))).toEqual([1, 2, 3]);
    expect(asked.map((one) => [one.url, one.headers['last-event-id']])).toEqual([
      ['/api/v1/events?study=heart', undefined],
      ['/api/v1/events?study=heart', 'a-2'],
    ]);
  });

  test('end in an error where the gateway refuses: another try would be refused too', async () => {
    const problem = { type: 'x', title: 'x', status: 401, code: 'UNAUTHENTICATED', detail: 'no valid token' };
    answer = (_, response) => send(response, 401, problem);
    await expect(client().events().next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
    expect(asked).toHaveLength(1);
  });
});

describe('a job', () => {
  const job = (state: string, more: object = {}) => ({
    id: 'j',
    kind: 'verification',
    state,
    progress: 0,
    startedBy: 'auditor',
    startedAt: 1,
    finishedAt: null,
    result: null,
    problem: null,
    ...more,
  });

  test('is waited for, and gives its result or its problem', async () => {
    const { VerificationReport } = await import('./resources/index.js');
    const independent = { ran: false, why: 'the peers are away' };
    const report = {
      ...{ study: 'heart', round: 1, ok: true, checks: [], independent },
      ...{ disputeLifted: false, scores: null, excerpt: { vectors: { VaMSP: [-5] }, sum: null } },
    };
    answer = ({ method }, response) =>
      method === 'POST'
        ? send(response, 202, job('running'))
        : send(response, 200, asked.length < 3 ? job('running') : job('succeeded', { result: report }));
    const gateway = client();
    const started = await gateway.verifyRound('heart', 1);
    expect(await gateway.jobResult(VerificationReport, started)).toEqual(report);
    const problem = { type: 'x', title: 'x', status: 409, code: 'JOB_CANCELLED', detail: 'cancelled' };
    answer = (_, response) => send(response, 200, job('cancelled', { problem }));
    await expect(gateway.jobResult(VerificationReport, started)).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
  });
});
