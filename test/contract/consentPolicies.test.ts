/** What a hospital says about its patients' data: its policies, the batches it keeps at home, and permits. */
import { describe, expect, test } from '@jest/globals';
import {
  BIOMEDICAL,
  consentProtocol,
  epochOf,
  expectRefused,
  GENERAL_RESEARCH,
  OWN,
  policyText,
  withPolicy,
} from '../support/consentOnChannel.js';
import { ContractChannel, digestOf, HOSPITALS, type protocolOf, STUDY } from '../support/contractChannel.js';

const PUBLISH = 'ConsentContract:publishPolicy';
const ROOT = 'ConsentContract:recordConsentRoot';
const PERMIT = 'ConsentContract:recordPermit';
const EHDS = { legalBasis: 'ehds-permit', silence: 'permit' } as const;

describe('a policy', () => {
  test('is one version after another, each by whom and when; the same text again is the same version', async () => {
    const channel = await withPolicy();
    const first = JSON.parse(channel.ledger.read(`policy~${OWN}~0000000001`) as string);
    expect(first).toMatchObject({
      version: 1,
      silence: 'deny',
      placement: 'ledger',
      restricts: false,
      publishedBy: { role: 'compliance-officer' },
      publishedAt: channel.now - 10,
    });
    const again = await channel.endorse(PUBLISH, policyText(), OWN);
    expect(again).toMatchObject({ ok: true, event: null, readWriteSet: { writes: [] } });
    await channel.submit(PUBLISH, policyText({ title: 'In other words' }), OWN);
    expect(JSON.parse(channel.ledger.read(`policy~${OWN}`) as string)).toEqual({ msp: OWN, versions: 2 });
    expect(JSON.parse(channel.ledger.read(`policy~${OWN}~0000000001`) as string)).toEqual(first);
  });

  test.each<[string, Parameters<typeof policyText>[0], Parameters<typeof policyText>[0], boolean]>([
    ['a purpose that is gone', {}, { permittedPurposes: [GENERAL_RESEARCH] }, true],
    ['a purpose that is new', { permittedPurposes: [] }, {}, false],
    ['a condition that is new', {}, { permittedPurposes: [GENERAL_RESEARCH, BIOMEDICAL, 'DUO:0000021'] }, true],
    ['a condition that is gone', { permittedPurposes: [GENERAL_RESEARCH, BIOMEDICAL, 'DUO:0000021'] }, {}, false],
    ['clinical care that is gone', { permittedPurposes: [GENERAL_RESEARCH, BIOMEDICAL, 'DUO:0000043'] }, {}, true],
    ['a code that nobody knows', {}, { permittedPurposes: [GENERAL_RESEARCH, BIOMEDICAL, 'DUO:0009999'] }, true],
    ['a class of data that is gone', { dataClasses: ['laboratory', 'genome'] }, {}, true],
    ['a class of data that is new', {}, { dataClasses: ['genome', 'laboratory'] }, false],
    ['classes where none was named', { dataClasses: [] }, {}, true],
    ['silence that permits no more', EHDS, { ...EHDS, silence: 'deny' }, true],
    ['silence that permits now', { ...EHDS, silence: 'deny' }, EHDS, false],
    ['another legal basis', {}, { legalBasis: 'ehds-permit' }, true],
    ['another placement', {}, { placement: 'roots' }, true],
    [
      'other words and periods',
      {},
      { title: 'x', textHash: digestOf('x'), retentionDays: 9, privateCopy: true },
      false,
    ],
  ])('with %s: restricts %#', async (_, before, after, restricts) => {
    const channel = await withPolicy(before);
    expect(epochOf(channel)).toBe(0);
    expect(await channel.submit(PUBLISH, policyText(after), OWN)).toMatchObject({ version: 2, restricts });
    expect(epochOf(channel)).toBe(restricts ? 1 : 0);
    expect(epochOf(channel, HOSPITALS[1])).toBe(0);
  });

  test('in which silence permits rests on a permit', async () => {
    await expectRefused(new ContractChannel(), PUBLISH, policyText({ silence: 'permit' }), [
      'INPUT_INVALID',
      /silence: it permits only under the legal basis ehds-permit/,
    ]);
    await expectRefused(
      await withPolicy(),
      PUBLISH,
      policyText(),
      ['ROLE_REQUIRED', /compliance-officer/],
      OWN,
      'data-steward',
    );
  });
});

describe('a batch that is kept at home', () => {
  const batch = (number: number, changes: object = {}) => ({
    batch: number,
    root: digestOf(`root ${number}`),
    count: 7,
    policyVersion: 1,
    restricts: false,
    ...changes,
  });

  test('stands by its root, one after another; again is success', async () => {
    const channel = await withPolicy({ placement: 'roots' });
    await channel.submit(ROOT, batch(0), OWN);
    expect(await channel.submit(ROOT, batch(1, { restricts: true }), OWN)).toMatchObject({
      msp: OWN,
      batch: 1,
      recordedBy: { role: 'data-steward' },
    });
    expect(epochOf(channel)).toBe(1);
    for (const number of [0, 1]) {
      const again = await channel.endorse(ROOT, batch(number, { restricts: number === 1 }), OWN);
      expect(again).toMatchObject({ ok: true, event: null, readWriteSet: { writes: [] } });
    }
    for (const wrong of [batch(3), batch(9), batch(0, { count: 8 }), batch(1, { restricts: false })])
      await expectRefused(channel, ROOT, wrong, ['CONSENT_BATCH_NOT_NEXT', /next batch of ClevelandMSP is 2, not/]);
  });

  test('is of a policy that says so', async () => {
    const channel = await withPolicy();
    await expectRefused(channel, ROOT, batch(0), [
      'CONSENT_PLACEMENT_WRONG',
      /puts every event on the channel: record the events/,
    ]);
    await expectRefused(channel, ROOT, batch(0, { policyVersion: 2 }), ['CONSENT_POLICY_UNKNOWN', /policy 2/]);
    await expectRefused(channel, ROOT, batch(0), ['ROLE_REQUIRED', /data-steward/], OWN, 'patient-desk');
  });
});

describe('a permit', () => {
  const permit = (channel: ContractChannel, changes: object = {}) => ({
    study: STUDY,
    permitId: 'HDAB-2026-17',
    approvedAt: channel.now - 1_000,
    ...changes,
  });
  const withStudy = async (changes: Parameters<typeof protocolOf>[0]) => {
    const channel = new ContractChannel();
    await channel.activeStudy(consentProtocol(changes));
    return channel;
  };

  test('stands once: its approval decides which opt-outs count', async () => {
    const channel = await withStudy({ consent: { legalBasis: 'ehds-permit' } });
    const command = permit(channel);
    expect(await channel.submit(PERMIT, command, OWN)).toMatchObject({
      ...command,
      msp: OWN,
      recordedBy: { role: 'compliance-officer' },
    });
    expect(await channel.endorse(PERMIT, command, OWN)).toMatchObject({ ok: true, readWriteSet: { writes: [] } });
    for (const other of [{ approvedAt: channel.now }, { permitId: 'HDAB-2026-18', approvedAt: command.approvedAt }])
      await expectRefused(channel, PERMIT, permit(channel, other), ['PERMIT_STANDS', /permit HDAB-2026-17 stands/]);
  });

  test('is of a member, of a study that rests on one, and not of tomorrow', async () => {
    const channel = await withStudy({ consent: { legalBasis: 'ehds-permit' } });
    await expectRefused(channel, PERMIT, permit(channel, { approvedAt: channel.now + 1 }), [
      'CONSENT_EVENT_BACKDATED',
      /^a permit/,
    ]);
    await expectRefused(channel, PERMIT, permit(channel), ['NOT_A_MEMBER', /Stranger/], 'StrangerMSP' as typeof OWN);
    await expectRefused(channel, PERMIT, permit(channel, { study: 'lung' }), ['STUDY_UNKNOWN', /lung/]);
    await expectRefused(channel, PERMIT, permit(channel), ['ROLE_REQUIRED', /compliance-officer/], OWN, 'researcher');
    await expectRefused(await withStudy({}), PERMIT, permit(channel), [
      'INPUT_INVALID',
      /does not rest on an EHDS permit/,
    ]);
  });
});
