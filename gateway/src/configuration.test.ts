import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readConfiguration, readConnection } from './configuration.js';

const folder = mkdtempSync(join(tmpdir(), 'configuration-'));
afterAll(() => rmSync(folder, { recursive: true }));

const DIGEST = 'a'.repeat(64);
const files = { certFile: 'cert.pem', keyFile: 'key.pem' };
const valid = () => ({
  msp: 'ClevelandMSP',
  name: 'Cleveland',
  home: '/srv/consilium',
  connectionFile: join(folder, 'connection.json'),
  chaincodeDigest: DIGEST,
  api: { listen: 'localhost:0', tlsCertFile: 'server.crt', tlsKeyFile: 'server.key' },
  exchange: {
    listen: 'localhost:9443',
    tlsCertFile: 'server.crt',
    tlsKeyFile: 'server.key',
    trust: [{ msp: 'HungaryMSP', tlsCaFile: 'hungary.pem' }],
  },
  identities: { agent: files, people: [{ name: 'researcher', ...files, tokenSha256: DIGEST }] },
  data: { kind: 'csv', file: '/srv/heart.csv' },
});

function written(value: unknown, name = 'gateway.json'): string {
  const file = join(folder, name);
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

describe('the configuration of a gateway', () => {
  test('is read, with defaults filled in', () => {
    const configuration = readConfiguration(written(valid()));
    expect(configuration).toMatchObject({ engine: 'auto', logLevel: 'info', msp: 'ClevelandMSP' });
    expect(configuration.exchange.listen).toEqual({ host: 'localhost', port: 9443 });
  });

  test.each([
    ['api.listen', { api: { ...valid().api, listen: '9443' } }],
    ['api.listen', { api: { ...valid().api, listen: 'localhost:70000' } }],
    ['exchange.trust', { exchange: { ...valid().exchange, trust: [] } }],
    [
      'identities.people.0.tokenSha256',
      { identities: { agent: files, people: [{ name: 'x', ...files, tokenSha256: 'x' }] } },
    ],
    ['chaincodeDigest', { chaincodeDigest: 'latest' }],
    ['data.kind', { data: { kind: 'telepathy', file: 'x' } }],
    ['Unrecognized key', { surprise: true }],
  ])('that is wrong at %s names file and field', (field, change) => {
    const file = written({ ...valid(), ...change });
    expect(() => readConfiguration(file)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID', message: expect.stringContaining(field) }),
    );
    expect(() => readConfiguration(file)).toThrow(file);
  });

  test('that is missing or is no JSON is named, and not quoted', () => {
    expect(() => readConfiguration(join(folder, 'absent.json'))).toThrow(/absent\.json: cannot be read/);
    const broken = written('{"tokenSha256": "secret', 'broken.json');
    expect(() => readConfiguration(broken)).toThrow(/broken\.json: is not JSON/);
    expect(() => readConfiguration(broken)).not.toThrow(/secret/);
  });

  test('does not take another hospital’s connection', () => {
    const configuration = readConfiguration(written(valid()));
    const peer = { endpoint: 'localhost:7051', tlsRootCertFile: 'ca.pem', serverName: 'localhost' };
    const connection = { msp: 'HungaryMSP', channel: 'consilium', chaincode: 'consilium', peer };
    written(connection, 'connection.json');
    expect(() => readConnection(configuration)).toThrow(/^CONFIGURATION_INVALID: .*connection\.json: .*HungaryMSP/);
    written({ ...connection, msp: 'ClevelandMSP' }, 'connection.json');
    expect(readConnection(configuration).peer.endpoint).toBe('localhost:7051');
  });
});
