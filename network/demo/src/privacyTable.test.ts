import { Msp } from '@consilium/domain';
import { expect, test } from '@jest/globals';
import { HEART_HOSPITALS } from './heart/heartHospitals.js';
import { readHeartStudy, readPrivateHeartStudy } from './heart/heartStudies.js';
import { privacyTables } from './privacyTable.js';

const hospitals = HEART_HOSPITALS.map(({ msp, name }) => ({ msp: Msp.parse(msp), name }));

test('each hospital is told what its patients have spent, of how much, and what that means', async () => {
  const protocol = await readPrivateHeartStudy({ epsilon: 1, delta: 1e-5, seed: 42 });
  const study = 'heart' as never;
  const msp = Msp.parse('VaMSP');
  const record = { block: 7, transactionId: '0'.repeat(64) };
  const spent = [{ study, msp, protocolVersion: 1, joins: 7, microEpsilon: 645_123, record }];
  const lines = privacyTables(hospitals, { protocol, spent }).split('\n');
  expect(lines.find((line) => line.startsWith('VA'))).toMatch(/ 85 +7 +0\.645123 +1\.000000 +0\.00001$/);
  expect(lines.find((line) => line.startsWith('Cleveland'))).toMatch(/ 199 +0 +0\.000000 +1\.000000 +0\.00001$/);
  expect(lines.join('\n')).toContain('at most 2.72 times as likely with a patient as without');
});

test('a study without differential privacy has no such table', async () => {
  expect(privacyTables(hospitals, { protocol: await readHeartStudy('study'), spent: [] })).toBe('');
});
