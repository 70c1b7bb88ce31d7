import { Msp } from '@consilium/domain';
import { expect, test } from '@jest/globals';
import { readHeartStudy, readPrivateHeartStudy } from './heart/heartStudies.js';
import type { DemoNetwork } from './hospitals.js';
import { reportOf } from './report.js';
import type { FinishedStudy } from './runStudy.js';

const network = { channel: 'embedded', hospitals: [] } as unknown as DemoNetwork;

function reported(protocol: FinishedStudy['protocol'], spent: FinishedStudy['spent']) {
  const arms = { engine: { name: 'wasm', version: '4' }, training: new Map(), rows: { federated: new Map() } };
  const released = { version: 16, digest: 'a'.repeat(64) };
  const finished = { study: 'heart', protocol, spent, arms, released, rounds: [], comparison: {} };
  return reportOf(network, 1, { source: 'own', sha256: {} }, finished as unknown as FinishedStudy);
}

test('a study with differential privacy is not reproducible, and its report says what each hospital spent', async () => {
  const protocol = await readPrivateHeartStudy({ epsilon: 1, delta: 1e-5, seed: 42 });
  const msp = Msp.parse('VaMSP');
  const record = { block: 7, transactionId: '0'.repeat(64) };
  const spent = [{ study: 'heart' as never, msp, protocolVersion: 1, joins: 7, microEpsilon: 645_123, record }];
  expect(reported(protocol, spent)).toMatchObject({
    reproducible: false,
    privacy: { epsilon: 1, delta: 1e-5, spent: { VaMSP: { rounds: 7, epsilon: 0.645123 } } },
  });
});

test('any other study is', async () => {
  expect(reported(await readHeartStudy('study'), [])).toMatchObject({ reproducible: true, privacy: null });
});
