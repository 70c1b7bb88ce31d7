/** Commands that the contract refuses for who sends them, or for their form. */
import { CLOCK_SKEW_MS_MAX } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import {
  approval,
  ask,
  type BadInput,
  CLEVELAND,
  close,
  contribution,
  open,
  propose,
  record,
  STAGES,
  STRANGER,
  THREE,
  testRefusals,
  VA,
} from '../support/badInput.js';
import { ContractChannel, digestOf, STUDY, versionOutcome } from '../support/contractChannel.js';

describe('a command is refused:', () => {
  testRefusals([
    {
      what: 'a wrong role',
      at: 'joining',
      ask: (c) => ask('RoundContract:joinRound', c.joinCommand(1), VA, 'researcher'),
      code: 'ROLE_REQUIRED',
      says: /joinRound takes the role agent, the certificate of VaMSP says researcher/,
    },
    {
      what: 'no role at all',
      at: 'empty',
      ask: () =>
        ask(
          'HospitalContract:registerHospital',
          { name: 'x', exchangeUrl: 'https://x', chaincodeDigest: digestOf('c') },
          VA,
          null,
        ),
      code: 'ROLE_REQUIRED',
      says: /says none that is known/,
    },
    {
      what: 'a proposal by a hospital that is not in it',
      at: 'registered',
      ask: () => propose({}, STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP is not a member of study heart/,
    },
    {
      what: 'an approval by a stranger',
      at: 'proposed',
      ask: (c) => ask('StudyContract:approveStudy', approval(c, {}), STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'a vote by a stranger',
      at: 'active',
      ask: () => ask('StudyContract:castVote', { study: STUDY, subject: 'end', yes: true, reason: '' }, STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'a registration by a stranger',
      at: 'active',
      ask: (c) => ask('StudyContract:registerMember', { study: STUDY, receiptKey: c.receiptKey(STRANGER) }, STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'a round opened by a stranger',
      at: 'active',
      ask: () => open(0, [], STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'a join of a stranger',
      at: 'joining',
      ask: (c) => ask('RoundContract:joinRound', c.joinCommand(1), STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'a contribution of a stranger',
      at: 'contributing',
      ask: (c) => ask('RoundContract:contribute', contribution(c, STRANGER), STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'an attestation of a stranger',
      at: 'attesting',
      ask: () => ask('RoundContract:attest', { study: STUDY, round: 1, outcome: versionOutcome('x') }, STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'a close by a stranger',
      at: 'joining',
      ask: () => close('joining', 1, STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'an abort by a stranger',
      at: 'joining',
      ask: () => ask('RoundContract:abortRound', { study: STUDY, round: 1 }, STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'a record by a stranger',
      at: 'agreed',
      ask: () => record(1, THREE, STRANGER),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'figures of a stranger',
      at: 'joining',
      ask: () =>
        ask(
          'RoundContract:reportEvaluation',
          {
            study: STUDY,
            round: 1,
            trainingPatients: 1,
            base: { kind: 'number', patients: 0, loss: 0, absoluteError: 0 },
          },
          STRANGER,
        ),
      code: 'NOT_A_MEMBER',
      says: /StrangerMSP/,
    },
    {
      what: 'a command with a field too many',
      at: 'active',
      ask: () =>
        ask('RoundContract:openRound', { study: STUDY, round: 0, attestedBy: [], force: true } as never, CLEVELAND),
      code: 'INPUT_INVALID',
      says: /force/,
    },
    {
      what: 'a command with a wrong number',
      at: 'active',
      ask: () => open(-1),
      code: 'INPUT_INVALID',
      says: /^round: /,
    },
    {
      what: 'a text that has no canonical form',
      at: 'active',
      ask: () => ask('StudyContract:castVote', { study: STUDY, subject: 'end', yes: true, reason: '\ud800' }, VA),
      code: 'INPUT_INVALID',
      says: /lone surrogates/,
    },
    {
      what: 'a command over the limit',
      at: 'active',
      ask: () =>
        ask('StudyContract:castVote', { study: STUDY, subject: 'end', yes: true, reason: 'x'.repeat(1024 * 1024) }, VA),
      code: 'BODY_TOO_LARGE',
      says: /1048576 bytes/,
    },
    {
      what: 'a receipt key that is none',
      at: 'active',
      ask: () => ask('StudyContract:registerMember', { study: STUDY, receiptKey: 'x'.repeat(44) }, VA),
      code: 'INPUT_INVALID',
      says: /receiptKey: an Ed25519 public key/,
    },
    {
      what: 'a vote on nothing',
      at: 'active',
      ask: () =>
        ask('StudyContract:castVote', { study: STUDY, subject: 'end~all' as never, yes: true, reason: '' }, VA),
      code: 'INPUT_INVALID',
      says: /subject/,
    },
  ] satisfies BadInput[]);

  test('a text that is not JSON', async () => {
    const { ledger } = new ContractChannel();
    const creator = { msp: VA, role: 'admin', id: 'admin' };
    const proposal = { transaction: 'HospitalContract:registerHospital', creator, txId: 't', timestampMs: 0 };
    expect(await ledger.simulate({ ...proposal, argument: '{"name":' })).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^INPUT_INVALID: the argument is not JSON/),
    });
    expect(await ledger.simulate({ ...proposal, argument: '['.repeat(500_000) })).toMatchObject({ ok: false });
  });

  test.each([
    [CLOCK_SKEW_MS_MAX, true],
    [CLOCK_SKEW_MS_MAX + 1, false],
    [-CLOCK_SKEW_MS_MAX, true],
    [-CLOCK_SKEW_MS_MAX - 1, false],
  ])('a clock that is %d ms from the endorsing peer: endorsed %p', async (skewMs, endorsed) => {
    const { ledger, now } = new ContractChannel();
    const command = { name: 'VA', exchangeUrl: 'https://va.example', chaincodeDigest: digestOf('chaincode') };
    const answer = await ledger.simulate(
      {
        transaction: 'HospitalContract:registerHospital',
        argument: JSON.stringify(command),
        creator: { msp: VA, role: 'admin', id: 'admin' },
        txId: 't',
        timestampMs: now + skewMs,
      },
      { clockMs: now },
    );
    expect(answer.ok).toBe(endorsed);
    if (!answer.ok) expect(answer.error).toMatch(/^CLOCK_SKEW: .* more than 5000 ms apart/);
  });

  test('queries about what does not exist, and cursors that no page gave', async () => {
    const channel = await STAGES.joining();
    const unknown = 'lung' as typeof STUDY;
    await expect(channel.query('StudyContract:readStudy', { study: unknown })).rejects.toThrow(/^STUDY_UNKNOWN/);
    await expect(channel.query('ModelContract:lineage', { study: unknown })).rejects.toThrow(/^STUDY_UNKNOWN/);
    await expect(channel.query('RoundContract:roundFacts', { study: STUDY, round: 9 })).rejects.toThrow(
      /^ROUND_UNKNOWN/,
    );
    const cursor = `study~${unknown}`;
    await expect(channel.query('StudyContract:readStudy', { study: STUDY, cursor })).rejects.toThrow(
      /^PAGE_CURSOR_INVALID/,
    );
    await expect(channel.query('ModelContract:lineage', { study: STUDY, items: 0 })).rejects.toThrow(
      /^INPUT_INVALID: items/,
    );
  });
});
