/** Facts do not see each other; of a fact and a close exactly one wins. */
import type { Msp, Outcome } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { CLEVELAND, HUNGARY, protocol, STAGES, SWITZERLAND, THREE, VA } from '../support/badInput.js';
import {
  type Asked,
  ContractChannel,
  HOSPITALS,
  protocolOf,
  STUDY,
  versionOutcome,
} from '../support/contractChannel.js';

const weights = versionOutcome('weights 0', { sumDigest: null });
const statistics = versionOutcome('statistics');
const inRound = (round: number) => ({ study: STUDY, round });

const join = (channel: ContractChannel, round: number, msp: Msp): Asked =>
  ({ name: 'RoundContract:joinRound', command: channel.joinCommand(round), msp }) as Asked;
const contribute = (channel: ContractChannel, round: number, msp: Msp): Asked =>
  ({ name: 'RoundContract:contribute', command: channel.contributeCommand(protocol, round, msp), msp }) as Asked;
const attest = (round: number, outcome: Outcome, msp: Msp): Asked =>
  ({ name: 'RoundContract:attest', command: { ...inRound(round), outcome }, msp }) as Asked;
const close = (phase: string, msp: Msp = CLEVELAND): Asked =>
  ({ name: 'RoundContract:closePhase', command: { ...inRound(1), phase }, msp }) as Asked;
const open = (round: number, attestedBy: readonly Msp[], msp: Msp = CLEVELAND): Asked =>
  ({ name: 'RoundContract:openRound', command: { ...inRound(round), attestedBy }, msp }) as Asked;
const vote = (subject: string, msp: Msp, yes = true): Asked =>
  ({ name: 'StudyContract:castVote', command: { study: STUDY, subject, yes, reason: '' }, msp }) as Asked;

const codes = async (channel: ContractChannel, asked: readonly Asked[]) =>
  (await channel.submitTogether(asked)).map(({ code }) => code);
const VALID = (count: number) => Array(count).fill('VALID');

describe('in one block, four hospitals at once', () => {
  test('register, approve, register their agents and vote', async () => {
    const channel = new ContractChannel();
    const registration = (msp: Msp) => ({
      name: msp,
      exchangeUrl: 'https://a.example',
      chaincodeDigest: 'a'.repeat(64),
    });
    const hospitals = HOSPITALS.map(
      (msp) => ({ name: 'HospitalContract:registerHospital', command: registration(msp), msp }) as Asked,
    );
    expect(await codes(channel, hospitals)).toEqual(VALID(4));
    const proposed = await channel.submit('StudyContract:proposeStudy', { study: STUDY, protocol }, VA);
    const { protocolHash } = proposed;
    const approval = { study: STUDY, version: 1, protocolHash, meaning: 'approval', reason: '' };
    expect(
      await codes(
        channel,
        HOSPITALS.map((msp) => ({ name: 'StudyContract:approveStudy', command: approval, msp }) as Asked),
      ),
    ).toEqual(VALID(4));
    const keys = HOSPITALS.map(
      (msp) =>
        ({
          name: 'StudyContract:registerMember',
          command: { study: STUDY, receiptKey: channel.receiptKey(msp) },
          msp,
        }) as Asked,
    );
    expect(await codes(channel, keys)).toEqual(VALID(4));
    expect(
      await codes(
        channel,
        HOSPITALS.map((msp) => vote('end', msp)),
      ),
    ).toEqual(VALID(4));
  });

  test('do all of a round, from the join to the late attestation beside the next opening', async () => {
    const channel = await STAGES.active();
    await channel.open(0);
    expect(
      await codes(
        channel,
        HOSPITALS.map((msp) => attest(0, weights, msp)),
      ),
    ).toEqual(VALID(4));
    await channel.open(1, THREE);
    expect(
      await codes(
        channel,
        HOSPITALS.map((msp) => join(channel, 1, msp)),
      ),
    ).toEqual(VALID(4));
    expect(
      await codes(
        channel,
        HOSPITALS.map((msp) => contribute(channel, 1, msp)),
      ),
    ).toEqual(VALID(4));
    expect(
      await codes(
        channel,
        THREE.map((msp) => attest(1, statistics, msp)),
      ),
    ).toEqual(VALID(3));
    // The fourth attests while the next round opens: neither sees the other.
    const [first, second] = [attest(1, statistics, VA), open(2, THREE)];
    expect(await codes(channel, [first, second])).toEqual(VALID(2));
  });

  test('do the same in the other order', async () => {
    const channel = await STAGES.agreed();
    expect(await codes(channel, [open(2, THREE), attest(1, statistics, VA)])).toEqual(VALID(2));
  });

  test('read no key that another fact of the same phase writes', async () => {
    const channel = await STAGES.contributing();
    const endorsed = await Promise.all(
      HOSPITALS.map((msp) =>
        channel.endorse('RoundContract:contribute', channel.contributeCommand(protocol, 1, msp), msp),
      ),
    );
    const sets = endorsed.map((answer) => (answer.ok ? answer.readWriteSet : undefined));
    for (const [k, reader] of sets.entries())
      for (const [other, writer] of sets.entries()) {
        if (k === other) continue;
        const written = new Set(writer?.writes.map(({ key }) => key));
        expect(reader?.reads.filter(({ key }) => written.has(key))).toEqual([]);
      }
    expect(sets.flatMap((set) => set?.ranges)).toEqual([]);
    expect(sets.map((set) => set?.writes.length)).toEqual([1, 1, 1, 1]);
  });
});

describe('of two in one block exactly the first is valid:', () => {
  test.each<[string, keyof typeof STAGES, number, (channel: ContractChannel) => Promise<[Asked, Asked]>]>([
    [
      'two openings of one round',
      'initialAgreed',
      0,
      async () => [open(1, THREE), open(1, [HUNGARY, SWITZERLAND, VA], VA)],
    ],
    [
      'a join and the close of joining',
      'joining',
      61_000,
      async (channel) => {
        await channel.join(1, THREE);
        return [join(channel, 1, VA), close('joining')];
      },
    ],
    [
      'a contribution and the close of contributing',
      'contributing',
      700_000,
      async (channel) => {
        await channel.contribute(protocol, 1, THREE);
        return [contribute(channel, 1, VA), close('contributing')];
      },
    ],
    [
      'an attestation and the close of attesting',
      'attesting',
      2 * 86_400_000,
      async (channel) => {
        await channel.attest(1, statistics, [CLEVELAND, HUNGARY]);
        return [attest(1, statistics, VA), close('attesting')];
      },
    ],
    [
      'an attestation and an abort by vote',
      'attesting',
      0,
      async (channel) => {
        await channel.vote('abort~0000000001', THREE);
        await channel.attest(1, statistics, [CLEVELAND, HUNGARY]);
        return [
          attest(1, statistics, VA),
          { name: 'RoundContract:abortRound', command: inRound(1), msp: HUNGARY } as Asked,
        ];
      },
    ],
    ['two closes', 'attesting', 2 * 86_400_000, async () => [close('attesting', HUNGARY), close('attesting', VA)]],
    [
      'a new protocol and the first opening',
      'active',
      0,
      async () => [
        {
          name: 'StudyContract:proposeStudy',
          command: { study: STUDY, protocol: protocolOf({ trainingRounds: 7 }) },
          msp: VA,
        } as Asked,
        open(0, []),
      ],
    ],
    [
      'a vote to finish and the opening that it concerns',
      'agreed',
      0,
      async () => [vote('finish~0000000002', VA), open(2, THREE)],
    ],
    [
      'an agent that registers and an opening that would have it',
      'sparse',
      0,
      async (channel) => {
        const registered = { study: STUDY, receiptKey: channel.receiptKey(SWITZERLAND) };
        await channel.submit('StudyContract:registerMember', registered, SWITZERLAND);
        const late = { study: STUDY, receiptKey: channel.receiptKey(VA) };
        return [{ name: 'StudyContract:registerMember', command: late, msp: VA } as Asked, open(0, [])];
      },
    ],
  ])('%s', async (_, stage, later, both) => {
    for (const order of ['as given', 'reversed']) {
      const channel = await STAGES[stage]();
      const asked = await both(channel);
      channel.now += later;
      const [first, second] = await codes(channel, order === 'reversed' ? [...asked].reverse() : asked);
      // A vote or a registration never reads what an opening writes: if it comes second it stands, one round later.
      const harmless = order === 'reversed' && /Vote|registerMember/.test(asked[0].name);
      expect(first).toBe('VALID');
      expect(second).toEqual(harmless ? 'VALID' : expect.stringMatching(/^(MVCC|PHANTOM)_READ_CONFLICT$/));
    }
  });

  test('two officers who take back a yes of a vote that one of them alone would undo', async () => {
    const channel = await STAGES.active();
    await channel.vote('end', [CLEVELAND, HUNGARY]);
    const answers = await codes(channel, [vote('end', CLEVELAND, false), vote('end', HUNGARY, false)]);
    expect(answers).toEqual(['VALID', 'PHANTOM_READ_CONFLICT']);
  });
});
