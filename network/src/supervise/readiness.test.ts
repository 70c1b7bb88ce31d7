import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Authority } from '../pki/authority.js';
import { generateKeyPair, privateKeyPem } from '../pki/keys.js';
import { untilReady } from './readiness.js';

const NOW = new Date();
const SUBJECT = { commonName: 'tlsca.a', organisation: 'AMSP' };

let folder: string;
let servers: Server[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'readiness-'));
  servers = [];
});

afterEach(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function servingTls(authority: Authority, onError: (error: Error) => void = () => undefined): Promise<number> {
  const keys = await generateKeyPair();
  const request = {
    subject: { commonName: 'peer.a', organisation: 'AMSP' },
    usage: 'tls',
    lifetimeMs: 60_000,
  } as const;
  const cert = await authority.issue(request, keys.publicKey, NOW);
  const server = createTlsServer({ cert, key: await privateKeyPem(keys.privateKey), ALPNProtocols: ['h2'] });
  server.on('tlsClientError', onError);
  server.on('secureConnection', (socket) => socket.on('error', onError).resume());
  return listening(server);
}

function authorityFile(authority: Authority): string {
  const file = join(folder, 'ca.pem');
  writeFileSync(file, authority.certificatePem);
  return file;
}

const soon = () => AbortSignal.timeout(400);

describe('a part that answers with TLS', () => {
  test('is up when it shows a certificate of its authority, and has nothing to complain of', async () => {
    const authority = await Authority.create(SUBJECT, NOW);
    const complaints: Error[] = [];
    const port = await servingTls(authority, (error) => complaints.push(error));
    const readiness = { kind: 'tls', port, authorityFile: authorityFile(authority) } as const;
    await untilReady(readiness, 1, AbortSignal.timeout(50_000));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(complaints).toEqual([]);
  });

  test('is not up while its port is open and nobody serves it, nor with the certificate of a stranger', async () => {
    const authority = await Authority.create(SUBJECT, NOW);
    const file = authorityFile(authority);
    const silent = await listening(createServer());
    await expect(untilReady({ kind: 'tls', port: silent, authorityFile: file }, 1, soon())).rejects.toThrow();
    const foreign = await servingTls(await Authority.create(SUBJECT, NOW));
    await expect(untilReady({ kind: 'tls', port: foreign, authorityFile: file }, 1, soon())).rejects.toThrow();
    await untilReady({ kind: 'port', port: silent }, 1, AbortSignal.timeout(50_000));
  });
});
