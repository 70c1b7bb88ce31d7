import { createHash, randomBytes } from 'node:crypto';
import { type RequestOptions, request } from 'node:https';
import { connect } from 'node:tls';
import { type ConsiliumError, type Digest, ledgerKey, type Msp, refusal, type StudyId } from '@consilium/domain';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type CertificateAndKey,
  type TestAuthority,
  testAuthority,
  testCertificate,
} from '../../../test/support/testCertificates.js';
import type { ChannelState, Log, PushedVector } from '../agent/ports.js';
import { ExchangeClient } from './exchangeClient.js';
import { type ExchangePatience, ExchangeServer } from './exchangeServer.js';
import { TrustedHospitals } from './peerCertificate.js';

const CLEVELAND = 'ClevelandMSP' as Msp;
const HUNGARY = 'HungaryMSP' as Msp;
const VA = 'VaMSP' as Msp;
const STUDY = 'heart' as StudyId;
const log: Log = { info: () => {}, warn: () => {}, error: () => {} };
const PATIENCE: ExchangePatience = { stallMs: 20_000, transferMs: 30_000, bytesInFlight: 3_000, bodyBytes: 2_000 };
const RECEIPT = { msp: HUNGARY, signature: Buffer.alloc(64).toString('base64') };

let cas: Record<'cleveland' | 'hungary' | 'va', TestAuthority>;
let certs: Record<'cleveland' | 'hungary' | 'va', CertificateAndKey>;
let trusted: TrustedHospitals;
beforeAll(async () => {
  const [cleveland, hungary, va] = await Promise.all([
    testAuthority(CLEVELAND),
    testAuthority(HUNGARY),
    testAuthority(VA),
  ]);
  cas = { cleveland, hungary, va };
  certs = {
    cleveland: await testCertificate(cleveland, { organisation: CLEVELAND }),
    hungary: await testCertificate(hungary, { organisation: HUNGARY }),
    va: await testCertificate(va, { organisation: VA }),
  };
  // Hungary's gateway trusts Cleveland and itself, not VA.
  trusted = new TrustedHospitals([
    { msp: CLEVELAND, caPem: cleveland.certPem },
    { msp: HUNGARY, caPem: hungary.certPem },
  ]);
});

let server: ExchangeServer;
let port: number;
let received: PushedVector[];
let accepted: [Digest, StudyId][];
let held: Map<Digest, Uint8Array>;
let readers: Set<Msp>;
let clients: ExchangeClient[];
beforeEach(async () => {
  received = [];
  accepted = [];
  held = new Map();
  readers = new Set([CLEVELAND]);
  clients = [];
  await serve(PATIENCE);
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.close(100);
});

async function serve(patience: ExchangePatience): Promise<void> {
  server = new ExchangeServer(
    certs.hungary,
    {
      trusted,
      desk: {
        receive: async (vector) => {
          if (digestOf(vector.bytes) !== vector.digest)
            throw refusal('VECTOR_DIGEST_MISMATCH', { digest: vector.digest });
          received.push(vector);
          return RECEIPT;
        },
      },
      blobs: {
        put: async () => {
          throw new Error('the server stores nothing itself');
        },
        get: async (digest) => held.get(digest),
        read: async () => undefined,
        has: async (digest) => held.has(digest),
        remove: async () => undefined,
      },
      accepted: (digest, study) => accepted.push([digest, study]),
      mayRead: (from) => readers.has(from),
      log,
    },
    patience,
  );
  port = await server.listen('localhost', 0);
}

function digestOf(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest;
}

/** Cleveland's client, with the addresses that the channel gives. */
function client(certificate: CertificateAndKey = certs.cleveland, url = `https://localhost:${port}`): ExchangeClient {
  const hospital = { msp: HUNGARY, name: 'Hungary', exchangeUrl: url, chaincodeDigest: '0'.repeat(64) };
  const state = { get: (key: string) => (key === ledgerKey.hospital(HUNGARY) ? hospital : undefined) } as ChannelState;
  const made = new ExchangeClient(CLEVELAND, state, trusted, certificate, log);
  clients.push(made);
  return made;
}

const vector = (bytes: Uint8Array) => ({ study: STUDY, round: 3, digest: digestOf(bytes), bytes });

type Reply = Readonly<{ status: number; body: string }>;
/** A request as anybody could make it. */
function ask(options: RequestOptions, body?: Uint8Array, certificate: CertificateAndKey | undefined = certs.cleveland) {
  return new Promise<Reply>((resolve, reject) => {
    const sent = request(
      {
        host: 'localhost',
        port,
        ca: cas.hungary.certPem,
        ...(certificate ? { cert: certificate.certPem, key: certificate.keyPem } : {}),
        agent: false,
        ...options,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const pushHeaders = (bytes: Uint8Array) => ({
  'content-length': bytes.byteLength,
  'consilium-study': STUDY,
  'consilium-round': '3',
  'consilium-digest': digestOf(bytes),
});

describe('a vector', () => {
  test('is pushed, checked and receipted, under the name that the certificate gives', async () => {
    const bytes = randomBytes(1_000);
    expect(await client().push(HUNGARY, vector(bytes))).toEqual(RECEIPT);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ from: CLEVELAND, study: STUDY, round: 3, digest: digestOf(bytes) });
    expect(Buffer.from(received[0]?.bytes ?? []).equals(bytes)).toBe(true);
    expect(accepted).toEqual([[digestOf(bytes), STUDY]]);
  });

  test('whose bytes do not hash is refused with the receiver’s own code, and belongs to no study', async () => {
    const pushed = client().push(HUNGARY, { ...vector(randomBytes(10)), digest: '0'.repeat(64) as Digest });
    await expect(pushed).rejects.toMatchObject({ code: 'VECTOR_DIGEST_MISMATCH' });
    expect(accepted).toEqual([]);
  });

  test('over the limit is refused before its bytes are read', async () => {
    const bytes = randomBytes(PATIENCE.bodyBytes + 1);
    const reply = await ask({ method: 'POST', path: '/exchange/v1/vectors', headers: pushHeaders(bytes) }, bytes);
    expect(reply).toMatchObject({ status: 413, body: expect.stringContaining('BODY_TOO_LARGE') });
    expect(received).toEqual([]);
  });

  test('without its headers, or in a path that is no route, is refused', async () => {
    const headers = { ...pushHeaders(Buffer.from('x')), 'consilium-study': '../heart' };
    const bad = await ask({ method: 'POST', path: '/exchange/v1/vectors', headers }, Buffer.from('x'));
    expect(bad).toMatchObject({ status: 400, body: expect.stringContaining('INPUT_INVALID') });
    for (const path of ['/', '/exchange/v1/vectors/../blobs', '/exchange/v1/blobs/..%2f..%2fetc%2fpasswd'])
      expect(await ask({ path })).toMatchObject({ status: 404, body: expect.stringContaining('ROUTE_UNKNOWN') });
  });

  test('that stalls is dropped, and does not keep its place', async () => {
    await server.close(0);
    await serve({ ...PATIENCE, stallMs: 1_000 });
    const bytes = randomBytes(1_500);
    const stalled = new Promise<void>((resolve) => {
      const sent = request({
        host: 'localhost',
        port,
        ca: cas.hungary.certPem,
        cert: certs.cleveland.certPem,
        key: certs.cleveland.keyPem,
        method: 'POST',
        path: '/exchange/v1/vectors',
        headers: pushHeaders(bytes),
        agent: false,
      });
      sent.on('error', () => resolve());
      sent.on('close', () => resolve());
      sent.write(bytes.subarray(0, 10));
    });
    await stalled;
    expect(received).toEqual([]);
    await Promise.all([1, 2].map(() => client().push(HUNGARY, vector(randomBytes(1_500)))));
    expect(received).toHaveLength(2);
  });

  test('beyond what may come in at one time is told to come back', async () => {
    const open = [1, 2].map(() => {
      const sent = request({
        host: 'localhost',
        port,
        ca: cas.hungary.certPem,
        cert: certs.cleveland.certPem,
        key: certs.cleveland.keyPem,
        method: 'POST',
        path: '/exchange/v1/vectors',
        headers: pushHeaders(Buffer.alloc(1_500)),
        agent: false,
      });
      sent.on('error', () => undefined);
      sent.write(Buffer.alloc(1));
      return sent;
    });
    // Both have come in once there is no room for a third.
    const pushed = () =>
      client()
        .push(HUNGARY, vector(randomBytes(10)))
        .then(
          () => undefined,
          ({ code }: ConsiliumError) => code,
        );
    let refused: string | undefined;
    while (refused === undefined) refused = await pushed();
    expect(refused).toBe('EXCHANGE_BUSY');
    for (const sent of open) sent.destroy();
  });
});

describe('bytes', () => {
  test('are served by digest to whoever may have them', async () => {
    const bytes = randomBytes(5_000);
    held.set(digestOf(bytes), bytes);
    const got = await client().fetch(digestOf(bytes), [CLEVELAND, HUNGARY]);
    expect(Buffer.from(got).equals(bytes)).toBe(true);
  });

  test('are as good as unknown to a hospital outside their study', async () => {
    const bytes = randomBytes(50);
    held.set(digestOf(bytes), bytes);
    readers.clear();
    await expect(client().fetch(digestOf(bytes), [HUNGARY])).rejects.toMatchObject({ code: 'VECTOR_UNKNOWN' });
  });

  test('that do not hash to what was asked for are not taken', async () => {
    const digest = digestOf(Buffer.from('asked'));
    held.set(digest, Buffer.from('other'));
    await expect(client().fetch(digest, [HUNGARY])).rejects.toMatchObject({ code: 'VECTOR_UNKNOWN' });
  });

  test('from nobody who answers name who was silent', async () => {
    const away = client(certs.cleveland, 'https://localhost:1');
    const digest = digestOf(Buffer.from('x'));
    await expect(away.fetch(digest, [HUNGARY])).rejects.toThrow(/^EXCHANGE_UNREACHABLE: .*HungaryMSP/);
    await expect(away.fetch(digest, [VA])).rejects.toMatchObject({ code: 'EXCHANGE_UNREACHABLE' });
  });
});

describe('who connects', () => {
  const blob = { path: `/exchange/v1/blobs/${'0'.repeat(64)}` };

  test('without a certificate does not get in', async () => {
    await expect(ask(blob, undefined, { certPem: '', keyPem: '' })).rejects.toThrow();
  });

  test('with a certificate of another CA does not get in, whatever name is on it', async () => {
    const foreign = await testAuthority(CLEVELAND);
    const certificate = await testCertificate(foreign, { organisation: CLEVELAND });
    await expect(ask(blob, undefined, certificate)).rejects.toThrow();
  });

  test('as a hospital that is not in trust does not get in', async () => {
    await expect(ask(blob, undefined, certs.va)).rejects.toThrow();
  });

  test('with another hospital’s name, issued by a CA of its own that is trusted, is refused', async () => {
    const claiming = await testCertificate(cas.hungary, { organisation: CLEVELAND });
    expect(await ask(blob, undefined, claiming)).toMatchObject({
      status: 403,
      body: expect.stringContaining('EXCHANGE_REFUSED'),
    });
  });

  test('with two names on the certificate is refused', async () => {
    const both = await testCertificate(cas.cleveland, { organisation: `${CLEVELAND},O=${HUNGARY}` });
    expect(await ask(blob, undefined, both)).toMatchObject({ status: 403 });
  });

  test('with an expired certificate does not get in', async () => {
    const expired = await testCertificate(cas.cleveland, {
      organisation: CLEVELAND,
      notAfter: new Date(Date.now() - 60_000),
    });
    await expect(ask(blob, undefined, expired)).rejects.toThrow();
  });

  test('with TLS 1.2 does not get in', async () => {
    const old = new Promise((resolve, reject) => {
      const socket = connect({ host: 'localhost', port, ca: cas.hungary.certPem, maxVersion: 'TLSv1.2' }, () =>
        resolve(0),
      );
      socket.on('error', reject);
    });
    await expect(old).rejects.toThrow();
  });
});

describe('whom a gateway connects to', () => {
  test('must show the certificate of the hospital that was meant', async () => {
    const impostor = new ExchangeServer(certs.cleveland, {
      trusted,
      desk: { receive: async () => RECEIPT },
      blobs: {
        put: async () => '' as Digest,
        get: async () => undefined,
        read: async () => undefined,
        has: async () => false,
        remove: async () => undefined,
      },
      accepted: () => undefined,
      mayRead: () => true,
      log,
    });
    const elsewhere = await impostor.listen('localhost', 0);
    const pushed = client(certs.cleveland, `https://localhost:${elsewhere}`).push(HUNGARY, vector(randomBytes(10)));
    await expect(pushed).rejects.toMatchObject({ code: 'EXCHANGE_UNREACHABLE' });
    await impostor.close(0);
  });

  test('and must be known on the channel, and by its CA', async () => {
    await expect(client().push(CLEVELAND, vector(randomBytes(10)))).rejects.toMatchObject({ code: 'HOSPITAL_UNKNOWN' });
  });
});
