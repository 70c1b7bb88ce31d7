import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from './config.js';

const root = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

// biome-ignore lint/suspicious/noExplicitAny: the tests break the configuration on purpose
function config(change: (config: any) => void = () => {}): string {
  const hospital = (msp: string) => ({
    msp,
    mspDir: `/h/${msp}/msp`,
    peer: { mspDir: `/h/${msp}/peer/msp`, tlsDir: `/h/${msp}/peer/tls`, listen: 'localhost:0' },
    chaincodes: { consilium: { address: 'localhost:9999', tls: { dir: `/h/${msp}/chaincode/tls` } } },
  });
  const content = {
    channel: 'consilium',
    home: '/home',
    batch: { timeoutMs: 50, messagesMax: 50 },
    chaincodes: [
      { name: 'consilium', version: 'abc', sequence: 1, packageId: 'consilium:abc', endorsement: 'MAJORITY' },
    ],
    hospitals: [hospital('ClevelandMSP'), hospital('HungaryMSP')],
    readyFile: '/ready',
  };
  change(content);
  const file = join(root, 'config.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

describe('the configuration', () => {
  test('is read', () => {
    expect(readConfig(config()).hospitals.map((each) => each.msp)).toEqual(['ClevelandMSP', 'HungaryMSP']);
  });

  // biome-ignore lint/suspicious/noExplicitAny: as above
  test.each<[string, (content: any) => void, RegExp]>([
    ['one hospital', (content) => content.hospitals.pop(), /hospitals: .*2/],
    ['a hospital twice', ({ hospitals }) => (hospitals[1].msp = 'ClevelandMSP'), /'ClevelandMSP' is named twice/],
    ['an upper case channel', (content) => (content.channel = 'Consilium'), /channel: must be lower case/],
    ['an address without port', ({ hospitals }) => (hospitals[0].peer.listen = 'x'), /listen: must be HOST:PORT/],
    ['a stray setting', (content) => (content.extra = 1), /extra/],
    ['a batch without end', ({ batch }) => (batch.messagesMax = 1_000), /messagesMax/],
    ['an unknown chaincode', ({ hospitals }) => (hospitals[0].chaincodes.x = { address: 'a:1' }), /not one of/],
    [
      'two peers on one address',
      ({ hospitals }) => {
        for (const each of hospitals) each.peer.listen = 'localhost:7051';
      },
      /two peers would listen on localhost:7051/,
    ],
    ['a missing home', (content) => delete content.home, /home/],
  ])('with %s is refused', (_, change, message) => {
    expect(() => readConfig(config(change))).toThrow(message);
    expect(() => readConfig(config(change))).toThrow(ConfigError);
  });

  test('that is missing or no JSON is refused by file name', () => {
    const file = join(root, 'broken.json');
    expect(() => readConfig(file)).toThrow(/broken.json/);
    writeFileSync(file, '{');
    expect(() => readConfig(file)).toThrow(/broken.json/);
  });
});
