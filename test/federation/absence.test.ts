import { VerificationReport } from '@consilium/client';
import { tenDigits } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually } from './support/eventually.js';
import { Federation } from './support/federation.js';
import type { Hospital } from './support/hospital.js';
import { PeerClient } from './support/peerClient.js';
import { SLOW_TRAINING, smallStudy } from './support/smallStudy.js';

jest.setTimeout(300_000);

/** The shortest that a protocol may set. */
const DEADLINES = { joinMs: 20_000, contributeMs: 20_000, finishMs: 3_600_000 };
const [AWAY, VANISHED, LATE] = ['away', 'vanished', 'late'];

let federation: Federation;
let first: Hospital;
let absent: Hospital;
let present: string[];

beforeAll(async () => {
  federation = await Federation.start(['Alder', 'Birch', 'Cedar', 'Dogwood']);
  first = federation.hospital(0);
  absent = federation.hospital(3);
  present = federation.msps.slice(0, 3);
});

afterAll(async () => federation?.stop());

/** Its compliance officer signs with a key and at a peer that are there although the gateway is not. */
async function approveWithoutGateway(hospital: Hospital, study: string): Promise<void> {
  const { version, protocolHash } = await first.study(study);
  const peer = new PeerClient(hospital, 'compliance-officer');
  try {
    const meaning = 'takes part';
    await peer.submit('StudyContract:approveStudy', {
      study: study as never,
      version,
      protocolHash,
      meaning,
      reason: '',
    });
  } finally {
    peer.close();
  }
}

/** The first agreed round from `from` on that all four hospitals survived. */
function firstRoundOfAll(study: string, from: number) {
  return eventually(`a round of all in ${study}`, async () => {
    const rounds = await first.researcher.all((page) => first.researcher.rounds(study, page));
    return rounds.find(({ round, stage, survivors }) => round >= from && stage === 'agreed' && survivors?.length === 4);
  });
}

async function expectSameVersion(study: string, version: number): Promise<void> {
  await absent.untilRound(study, version, ({ modelDigest }) => modelDigest !== null);
  const [own, others] = await eventually('the version at both', () =>
    Promise.all([absent, first].map(({ researcher }) => researcher.modelFile(study, version))),
  );
  expect(Buffer.compare(own!, others!)).toBe(0);
}

// The tests build on each other: one hospital goes and comes while studies run on one network.
describe('a hospital whose gateway is away from the start', () => {
  test('is not waited for: rounds are opened for those that registered', async () => {
    await federation.network.stopPart(absent.msp, 'gateway');
    const protocol = smallStudy(federation.msps, { trainingRounds: 200, deadlines: DEADLINES });
    await federation.begin(AWAY, protocol, federation.hospitals.slice(0, 3));
    await approveWithoutGateway(absent, AWAY);
    for (const number of [1, 2, 3]) {
      const round = await first.untilRound(AWAY, number, ({ stage }) => stage === 'agreed');
      expect(round.opened.available).toEqual(present);
      expect(round).toMatchObject({ survivors: present, closes: [] });
    }
  });

  test('takes part by itself once it is back', async () => {
    await federation.network.startPart(absent.msp, 'gateway');
    const { round } = await firstRoundOfAll(AWAY, 4);
    await expectSameVersion(AWAY, round);
    await federation.vote('end', AWAY);
    await first.untilStage(AWAY, 'ended');
  });
});

describe('a hospital that vanishes', () => {
  beforeAll(async () => {
    // Of one study it knows, and is registered; the last approval comes when it is away.
    const [, , third] = federation.hospitals as [Hospital, Hospital, Hospital, Hospital];
    const late = smallStudy(federation.msps, { deadlines: DEADLINES });
    await federation.begin(
      LATE,
      late,
      federation.hospitals.filter((hospital) => hospital !== third),
    );
    await eventually('its registration', async () => (await first.study(LATE)).registered.includes(absent.msp));
    // In the other one it has joined a round.
    const key = `join~${VANISHED}~${tenDigits(2)}~${absent.msp}`;
    const joined = first.untilWritten(VANISHED, (found) => found === key);
    await federation.begin(
      VANISHED,
      smallStudy(federation.msps, { training: SLOW_TRAINING, deadlines: DEADLINES, trainingRounds: 4 }),
    );
    await joined;
    await federation.network.kill(absent.msp, 'gateway', { stayDown: true });
    await federation.approve(LATE, [third]);
  });

  test('before it joins: the close record fixes the roster without it, at quorum', async () => {
    const round = await first.untilRound(LATE, 1, ({ stage }) => stage === 'agreed');
    expect(round.opened.available).toEqual(federation.msps);
    expect(round.closes).toMatchObject([{ phase: 'joining', found: present, abort: null }]);
    expect(round).toMatchObject({ roster: present, survivors: present });
    const { joinBy } = round.opened.deadlines;
    expect(round.closes[0]!.at).toBeGreaterThanOrEqual(joinBy);
  });

  test('after it joined: the survivors are fixed without it, and the sum is exact', async () => {
    const round = await first.untilRound(VANISHED, 2, ({ stage }) => stage === 'agreed');
    expect(round.roster).toEqual(federation.msps);
    expect(round.closes).toMatchObject([{ phase: 'contributing', found: present, abort: null }]);
    expect(round).toMatchObject({ survivors: present, attestations: 3 });
    const second = federation.hospital(1).researcher;
    const report = await second.jobResult(VerificationReport, await second.verifyRound(VANISHED, 2));
    expect(report.ok).toBe(true);
    expect(report.checks.filter(({ name }) => name.startsWith('hash of the vector'))).toHaveLength(3);
  });

  test('says so to whoever wants to give it something, and takes part again once it is back', async () => {
    expect((await first.untilFailing(VANISHED, 'EXCHANGE_UNREACHABLE')).failures[0]!.detail).toContain(absent.msp);
    await federation.network.startPart(absent.msp, 'gateway');
    const rounds = await Promise.all([firstRoundOfAll(VANISHED, 3), firstRoundOfAll(LATE, 2)]);
    await Promise.all([first.untilStage(VANISHED, 'ended'), first.untilStage(LATE, 'ended')]);
    await expectSameVersion(VANISHED, rounds[0].round);
    await expectSameVersion(LATE, rounds[1].round);
    expect((await first.study(VANISHED)).failures).toEqual([]);
  });
});
