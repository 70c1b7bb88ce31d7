/** A round is joined with a cohort that the hospital's policy, its epoch and the study agree on, or not at all. */
import { describe, expect, test } from '@jest/globals';
import {
  BIOMEDICAL,
  cohortJoin,
  epochOf,
  eventOf,
  expectRefused,
  GENERAL_RESEARCH,
  joiningWithConsent,
  OWN,
  policyText,
  recordEvents,
} from '../support/consentOnChannel.js';
import { ContractChannel, HOSPITALS, protocolOf, STUDY } from '../support/contractChannel.js';

const JOIN = 'RoundContract:joinRound';
const PUBLISH = 'ConsentContract:publishPolicy';
const EHDS = { consent: { legalBasis: 'ehds-permit' } } as const;

/** Ada consents, and withdraws. */
async function restrict(channel: ContractChannel, msp = OWN): Promise<void> {
  await recordEvents(channel, [eventOf(channel, 'ada', 0), eventOf(channel, 'ada', 1, 'withdraw')], msp);
}

/** Round 1 of a study is open, none of whose members has a policy yet. */
async function joiningWithout(changes: Parameters<typeof protocolOf>[0]): Promise<ContractChannel> {
  const channel = new ContractChannel();
  await channel.activeStudy(protocolOf(changes));
  await channel.initialRound();
  await channel.open(1, HOSPITALS.slice(0, 3));
  return channel;
}

describe('a join with a cohort', () => {
  test('stands, with the commitment as it was given', async () => {
    const channel = await joiningWithConsent();
    const command = cohortJoin(channel);
    expect(await channel.submit(JOIN, command, OWN)).toMatchObject({ msp: OWN, cohort: command.cohort });
  });

  test('is refused under an old epoch, with both numbers', async () => {
    const channel = await joiningWithConsent();
    const command = cohortJoin(channel);
    await restrict(channel);
    await expectRefused(channel, JOIN, command, ['CONSENT_EPOCH_STALE', /^epoch 0 was committed, 1 is current/]);
    await expectRefused(channel, JOIN, cohortJoin(channel, { restrictionEpoch: 2 }), [
      'CONSENT_EPOCH_STALE',
      /^epoch 2/,
    ]);
    // What another hospital's patients withdrew changes nothing here.
    await restrict(channel, HOSPITALS[1]);
    expect(await channel.submit(JOIN, cohortJoin(channel), OWN)).toMatchObject({ cohort: { restrictionEpoch: 1 } });
  });

  test('is not refused for grants, however many', async () => {
    const channel = await joiningWithConsent();
    const command = cohortJoin(channel);
    await recordEvents(
      channel,
      ['ada', 'ben', 'eve'].map((patient) => eventOf(channel, patient, 0)),
    );
    expect(await channel.submit(JOIN, command, OWN)).toMatchObject({ msp: OWN });
  });

  test('that stands is not judged again: it is sent again after a withdrawal, and not changed', async () => {
    const channel = await joiningWithConsent();
    const command = cohortJoin(channel);
    await channel.submit(JOIN, command, OWN);
    await restrict(channel);
    expect(await channel.endorse(JOIN, command, OWN)).toMatchObject({ ok: true, readWriteSet: { writes: [] } });
    await expectRefused(channel, JOIN, cohortJoin(channel), ['FACT_CHANGED', /another join/]);
  });

  test('is refused under a policy version that is not the newest', async () => {
    const channel = await joiningWithConsent();
    await channel.submit(PUBLISH, policyText({ title: 'In other words' }), OWN);
    expect(epochOf(channel)).toBe(0);
    await expectRefused(channel, JOIN, cohortJoin(channel), ['CONSENT_POLICY_STALE', /version 1 .* 2 is current/]);
    expect(await channel.submit(JOIN, cohortJoin(channel, { policyVersion: 2 }), OWN)).toMatchObject({ msp: OWN });
  });

  test("is for the study's purposes, and no others", async () => {
    const channel = await joiningWithConsent();
    for (const purposes of [[], [BIOMEDICAL], [BIOMEDICAL, GENERAL_RESEARCH, 'DUO:0000007']])
      await expectRefused(channel, JOIN, cohortJoin(channel, { purposes }), [
        'CONSENT_PURPOSES_DIFFER',
        /study heart is for DUO:0000006, DUO:0000042/,
      ]);
  });

  test('is refused for a purpose that the policy excludes', async () => {
    const channel = await joiningWithConsent({}, { permittedPurposes: [BIOMEDICAL] });
    await expectRefused(channel, JOIN, cohortJoin(channel), [
      'CONSENT_POLICY_EXCLUDES',
      /policy 1 of ClevelandMSP does not permit study heart: .*does not permit research of any kind/,
    ]);
    // What includes a purpose permits it.
    const wider = await joiningWithConsent({}, { permittedPurposes: [GENERAL_RESEARCH] });
    expect(await wider.submit(JOIN, cohortJoin(wider), OWN)).toMatchObject({ msp: OWN });
  });

  test('is for purposes that a wider one of the policy includes', async () => {
    const channel = await joiningWithConsent({ purposes: [BIOMEDICAL] }, { permittedPurposes: [GENERAL_RESEARCH] });
    const command = cohortJoin(channel, { purposes: [BIOMEDICAL] });
    expect(await channel.submit(JOIN, command, OWN)).toMatchObject({ msp: OWN });
  });

  test('is missing, or of a hospital without a policy', async () => {
    const channel = await joiningWithConsent();
    await expectRefused(channel, JOIN, channel.joinCommand(1), [
      'CONSENT_COHORT_MISSING',
      /takes the commitment to a cohort/,
    ]);
    const without = await joiningWithout({ publicData: false, purposes: [GENERAL_RESEARCH, BIOMEDICAL], consent: {} });
    await expectRefused(without, JOIN, cohortJoin(without), ['CONSENT_POLICY_UNKNOWN', /publishes one first/]);
  });

  test('under a permit takes a permit', async () => {
    const channel = await joiningWithConsent(EHDS, { legalBasis: 'ehds-permit' });
    await expectRefused(channel, JOIN, cohortJoin(channel), ['PERMIT_REQUIRED', /ClevelandMSP has recorded none/]);
    const permit = { study: STUDY, permitId: 'HDAB-1', approvedAt: channel.now };
    await channel.submit('ConsentContract:recordPermit', permit, HOSPITALS[1] as typeof OWN);
    await expectRefused(channel, JOIN, cohortJoin(channel), ['PERMIT_REQUIRED', /none/]);
    await channel.submit('ConsentContract:recordPermit', permit, OWN);
    expect(await channel.submit(JOIN, cohortJoin(channel), OWN)).toMatchObject({ msp: OWN });
  });
});

describe('a study that does not ask for consent', () => {
  test('is joined by a hospital with a policy only where it is of public data', async () => {
    const closed = await joiningWithout({ publicData: false });
    await closed.submit(PUBLISH, policyText(), OWN);
    await expectRefused(closed, JOIN, closed.joinCommand(1), [
      'CONSENT_REQUIRED',
      /neither asks for consent nor is of public data/,
    ]);
    // A hospital that has none yet goes on as before.
    expect(await closed.submit(JOIN, closed.joinCommand(1), HOSPITALS[1] as typeof OWN)).toMatchObject({ round: 1 });
    const open = await joiningWithout({ publicData: true });
    await open.submit(PUBLISH, policyText(), OWN);
    expect(await open.submit(JOIN, open.joinCommand(1), OWN)).toMatchObject({ msp: OWN });
  });

  test('is joined without a cohort', async () => {
    const channel = await joiningWithout({ publicData: true });
    await expectRefused(channel, JOIN, cohortJoin(channel), ['CONSENT_COHORT_UNASKED', /join without a cohort/]);
  });
});

test('a join with a cohort reads nothing that another hospital writes', async () => {
  const channel = await joiningWithConsent(EHDS, { legalBasis: 'ehds-permit' });
  const permit = { study: STUDY, permitId: 'HDAB-1', approvedAt: channel.now };
  await channel.submit('ConsentContract:recordPermit', permit, OWN);
  const endorsed = await channel.endorse(JOIN, cohortJoin(channel), OWN);
  if (!endorsed.ok) throw new Error(endorsed.error);
  const shared = ['round~', 'study~', 'close~'];
  const reads = endorsed.readWriteSet.reads.map(({ key }) => key);
  expect(reads.filter((key) => !key.includes(OWN) && !shared.some((noun) => key.startsWith(noun)))).toEqual([]);
  expect(reads.filter((key) => HOSPITALS.slice(1).some((msp) => key.includes(msp)))).toEqual([]);
  expect(endorsed.readWriteSet.ranges).toEqual([]);
});
