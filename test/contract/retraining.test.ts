/** What follows a withdrawal of patients who were in rounds already: told, and where the study says so, trained again. */
import type { ModelVersion, Msp, Round } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import {
  consentProtocol,
  expectRefused,
  joiningWithConsent,
  joinWithCohorts,
  OWN,
} from '../support/consentOnChannel.js';
import {
  type Asked,
  type ContractChannel,
  digestOf,
  HOSPITALS,
  STUDY,
  validated,
  versionOutcome,
} from '../support/contractChannel.js';

const REPORT = 'ConsentContract:reportWithdrawal';
const THREE = HOSPITALS.slice(0, 3);
const RETRAIN = { consent: { onWithdrawal: 'retrain' }, trainingRounds: 3 } as const;

const report = (fromRound: number, toRound: number, number = 0) => ({
  study: STUDY,
  report: number,
  fromRound,
  toRound,
});

/** Plays a round that is open already, with cohorts. */
async function play(channel: ContractChannel, round: number, lossBeyondParent = -1): Promise<void> {
  await joinWithCohorts(channel, round);
  await channel.contribute(consentProtocol(RETRAIN), round);
  await channel.attest(round, versionOutcome(`v${round}`, { result: validated(lossBeyondParent) }), THREE);
}

/** Rounds 1 (statistics) to `last` are played; the last one is agreed upon, and no other follows yet. */
async function played(
  last: number,
  changes: Parameters<typeof joiningWithConsent>[0] = RETRAIN,
): Promise<ContractChannel> {
  const channel = await joiningWithConsent(changes);
  for (let round = 1; round <= last; round++) {
    if (round > 1) await channel.open(round, THREE);
    await play(channel, round);
  }
  return channel;
}

const statuses = (channel: ContractChannel) =>
  channel.ledger
    .range(`model~${STUDY}~`, `model~${STUDY}~\u007f`)
    .map(({ value }) => (JSON.parse(value) as ModelVersion).status);
const opened = async (channel: ContractChannel, round: number) =>
  (await channel.open(round, THREE)) as unknown as Round;

describe('a report of a withdrawal', () => {
  test('stands, one after another, and says nothing but rounds', async () => {
    const channel = await played(2);
    expect(await channel.submit(REPORT, report(1, 2), OWN)).toEqual({
      ...report(1, 2),
      msp: OWN,
      at: channel.now - 10,
    });
    expect(await channel.endorse(REPORT, report(1, 2), OWN)).toMatchObject({ ok: true, readWriteSet: { writes: [] } });
    await channel.submit(REPORT, report(2, 2, 1), OWN);
    for (const wrong of [report(1, 1), report(2, 2, 3), report(1, 2, 9)])
      await expectRefused(channel, REPORT, wrong, [
        'CONSENT_REPORT_NOT_NEXT',
        /next report of ClevelandMSP on study heart is 2/,
      ]);
    // Each hospital counts its own.
    expect(await channel.submit(REPORT, report(1, 1), HOSPITALS[1] as Msp)).toMatchObject({ report: 0 });
  });

  test('is of rounds with a cohort of this hospital, by the agent of a member', async () => {
    const channel = await played(2);
    for (const wrong of [report(0, 1), report(1, 3)])
      await expectRefused(channel, REPORT, wrong, ['INPUT_INVALID', /ClevelandMSP has no cohort in round/]);
    await expectRefused(channel, REPORT, report(2, 1), ['INPUT_INVALID', /lies before/]);
    await expectRefused(channel, REPORT, report(1, 1), ['NOT_A_MEMBER', /Stranger/], 'StrangerMSP' as Msp);
    await expectRefused(channel, REPORT, report(1, 1), ['ROLE_REQUIRED', /agent/], OWN, 'data-steward');
  });
});

describe('a study that is to be trained again', () => {
  test('goes back before the first version that the withdrawn are part of', async () => {
    const channel = await played(4);
    expect(statuses(channel)).toEqual(['accepted', 'accepted', 'accepted', 'candidate']);
    await channel.submit(REPORT, report(3, 4), OWN);
    const round = await opened(channel, 5);
    expect(round).toMatchObject({
      kind: 'training',
      base: { version: 2, digest: digestOf('v2') },
      candidateParent: null,
      progress: { trainingRecorded: 1, withdrawalsHandled: [{ msp: OWN, reports: 1 }] },
    });
    // Version 4 was never anything but void: the opening that records it went back for it.
    expect(statuses(channel)).toEqual(['accepted', 'accepted', 'accepted', 'void', 'void']);
    // The two rounds are trained again, and the study ends as it would have.
    await play(channel, 5);
    expect(await opened(channel, 6)).toMatchObject({ kind: 'training', base: { version: 5 } });
    await play(channel, 6);
    expect(await opened(channel, 7)).toMatchObject({ kind: 'evaluation', base: { version: 6 } });
    expect(statuses(channel)).toEqual(['accepted', 'accepted', 'accepted', 'void', 'void', 'accepted', 'candidate']);
  });

  test('does the statistics again where they are touched', async () => {
    const channel = await played(3);
    await channel.submit(REPORT, report(1, 3), OWN);
    expect(await opened(channel, 4)).toMatchObject({ kind: 'statistics', base: { version: 0 } });
    expect(statuses(channel)).toEqual(['accepted', 'void', 'void', 'void']);
  });

  test('goes back once for a report, and for two hospitals to the earlier', async () => {
    const channel = await played(3);
    await channel.submit(REPORT, report(3, 3), HOSPITALS[2] as Msp);
    await channel.submit(REPORT, report(2, 3), OWN);
    expect(await opened(channel, 4)).toMatchObject({ base: { version: 1 }, progress: { trainingRecorded: 0 } });
    await play(channel, 4);
    expect(await opened(channel, 5)).toMatchObject({ base: { version: 4 }, progress: { trainingRecorded: 1 } });
    expect(statuses(channel)).toEqual(['accepted', 'accepted', 'void', 'void', 'candidate']);
  });

  test('of a report and an opening in one block: the opening after it is invalid, the one before it leaves it to the next', async () => {
    const asked = (): Asked[] => [
      { name: REPORT, command: report(2, 2), msp: OWN } as Asked,
      {
        name: 'RoundContract:openRound',
        command: { study: STUDY, round: 3, attestedBy: THREE },
        msp: THREE[1],
      } as Asked,
    ];
    const codes = async (channel: ContractChannel, order: Asked[]) =>
      (await channel.submitTogether(order)).map(({ code }) => code);
    expect(await codes(await played(2), asked())).toEqual(['VALID', 'PHANTOM_READ_CONFLICT']);
    const channel = await played(2);
    expect(await codes(channel, asked().reverse())).toEqual(['VALID', 'VALID']);
    await play(channel, 3);
    expect(await opened(channel, 4)).toMatchObject({ base: { version: 1 } });
  });

  test('that has ended stays ended', async () => {
    const channel = await played(1, { ...RETRAIN, trainingRounds: 1 });
    await opened(channel, 2);
    await play(channel, 2);
    expect(await opened(channel, 3)).toMatchObject({ kind: 'evaluation' });
    await joinWithCohorts(channel, 3);
    await channel.contribute(consentProtocol(RETRAIN), 3);
    await channel.attest(3, versionOutcome('v2', { result: validated(-1) }), THREE);
    await channel.submit(REPORT, report(2, 2), OWN);
    await expect(channel.open(4, THREE)).rejects.toThrow(/^STUDY_ENDED/);
    const command = { study: STUDY, round: 3, attestedBy: THREE };
    expect(await channel.submit('ModelContract:recordVersion', command, OWN)).toMatchObject({ status: 'accepted' });
    expect(statuses(channel)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
  });
});

test.each(['flag', 'keep'] as const)(
  'a study that says %s goes on as it was, and reads no report',
  async (onWithdrawal) => {
    const channel = await played(3, { consent: { onWithdrawal }, trainingRounds: 3 });
    await channel.submit(REPORT, report(2, 3), OWN);
    const endorsed = await channel.endorse(
      'RoundContract:openRound',
      { study: STUDY, round: 4, attestedBy: THREE },
      OWN,
    );
    expect(endorsed.ok && endorsed.readWriteSet.ranges.map(({ start }) => start)).not.toContain(`withdrawal~${STUDY}~`);
    expect(await opened(channel, 4)).toMatchObject({ base: { version: 3 }, candidateParent: { version: 2 } });
    expect(statuses(channel)).toEqual(['accepted', 'accepted', 'accepted', 'candidate']);
  },
);
