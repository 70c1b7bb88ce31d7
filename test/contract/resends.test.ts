/** The same again is success and writes nothing, whenever it comes: an agent may send a fact until it is committed. */
import { type CommandInput, canonicalJson, type Msp, recordUnder, type TransactionName } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { CLEVELAND, HUNGARY, protocol, STAGES, SWITZERLAND, THREE, VA } from '../support/badInput.js';
import { type ContractChannel, digestOf, STUDY, versionOutcome } from '../support/contractChannel.js';

type Resend = (channel: ContractChannel) => [TransactionName, CommandInput<TransactionName>, Msp];
const statistics = versionOutcome('statistics');

const RESENDS: readonly [string, keyof typeof STAGES, Resend][] = [
  [
    'a registration of a hospital',
    'registered',
    () => [
      'HospitalContract:registerHospital',
      { name: VA, exchangeUrl: 'https://vamsp.example:9443', chaincodeDigest: digestOf('chaincode') },
      VA,
    ],
  ],
  ['a proposal', 'active', () => ['StudyContract:proposeStudy', { study: STUDY, protocol }, HUNGARY]],
  ['a proposal once rounds run', 'joining', () => ['StudyContract:proposeStudy', { study: STUDY, protocol }, HUNGARY]],
  [
    'a registration of an agent',
    'active',
    (c) => ['StudyContract:registerMember', { study: STUDY, receiptKey: c.receiptKey(VA) }, VA],
  ],
  [
    'a vote',
    'ended',
    () => ['StudyContract:castVote', { study: STUDY, subject: 'end', yes: true, reason: 'discussed' }, CLEVELAND],
  ],
  ['a join', 'contributing', (c) => ['RoundContract:joinRound', c.joinCommand(1), HUNGARY]],
  ['a join after joining', 'attesting', (c) => ['RoundContract:joinRound', c.joinCommand(1), HUNGARY]],
  ['a join after an abort', 'voted', (c) => ['RoundContract:joinRound', c.joinCommand(1), HUNGARY]],
  ['a contribution', 'attesting', (c) => ['RoundContract:contribute', c.contributeCommand(protocol, 1, VA), VA]],
  [
    'a contribution after the close',
    'attestingWithoutVa',
    (c) => ['RoundContract:contribute', c.contributeCommand(protocol, 1, HUNGARY), HUNGARY],
  ],
  [
    'a contribution with receipts of others',
    'attesting',
    (c) => {
      const command = c.contributeCommand(protocol, 1, VA);
      const receipts = [HUNGARY, SWITZERLAND].map((signer) =>
        c.receipt(signer, { round: 1, contributor: VA, digest: command.vectorDigest as ReturnType<typeof digestOf> }),
      );
      return ['RoundContract:contribute', { ...command, receipts }, VA];
    },
  ],
  [
    'an attestation',
    'agreed',
    () => ['RoundContract:attest', { study: STUDY, round: 1, outcome: statistics }, HUNGARY],
  ],
];

describe('the same again', () => {
  test.each(RESENDS)('%s', async (_, stage, resend) => {
    const channel = await STAGES[stage]();
    const [name, command, msp] = resend(channel);
    channel.now += 1_000;
    const answer = await channel.endorse(name, command, msp);
    expect(answer).toMatchObject({ ok: true, event: null, readWriteSet: { writes: [] } });
    // The answer is the record as it stands, with its first time.
    const stands = channel.ledger
      .range('', '\u007f')
      .map(({ key, value }) => canonicalJson(recordUnder({ parse: (record) => record }, key, JSON.parse(value))));
    expect(stands).toContain(answer.ok ? answer.response : undefined);
  });

  test('a version recorded a second time, by whomever', async () => {
    const channel = await STAGES.agreed();
    await channel.vote('end', THREE);
    const command = { study: STUDY, round: 1, attestedBy: [...THREE] };
    await channel.submit('ModelContract:recordVersion', command, VA);
    const again = await channel.endorse('ModelContract:recordVersion', { ...command, attestedBy: [] }, HUNGARY);
    expect(again).toMatchObject({ ok: true, event: null, readWriteSet: { writes: [] } });
  });

  test('an approval by the same officer', async () => {
    const channel = await STAGES.active();
    const height = channel.ledger.height;
    await channel.approve(protocol, VA);
    expect(channel.ledger.range('approval~', 'approval~\u007f').every(({ version }) => version.block < height)).toBe(
      true,
    );
  });

  test('is another thing for a hospital that moved: its address changes', async () => {
    const channel = await STAGES.registered();
    const command = { name: VA, exchangeUrl: 'https://elsewhere.example', chaincodeDigest: digestOf('chaincode') };
    expect(await channel.submit('HospitalContract:registerHospital', command, VA)).toEqual({ ...command, msp: VA });
  });
});
