/** What the contract refuses about studies and the opening of their rounds. */
import { describe, expect, test } from '@jest/globals';
import {
  approval,
  ask,
  type BadInput,
  CLEVELAND,
  HUNGARY,
  open,
  propose,
  STAGES,
  STRANGER,
  SWITZERLAND,
  THREE,
  testRefusals,
  VA,
} from '../support/badInput.js';
import { digestOf, HOSPITALS, protocolOf, STUDY } from '../support/contractChannel.js';

describe('about a study, refused is', () => {
  testRefusals([
    {
      what: 'a proposal with an unknown hospital',
      at: 'registered',
      ask: () => propose({ members: ['AbsentMSP', ...HOSPITALS] }),
      code: 'HOSPITAL_UNKNOWN',
      says: /hospital AbsentMSP is not registered/,
    },
    {
      what: 'a private study between two',
      at: 'registered',
      ask: () => propose({ mode: 'private', members: HOSPITALS.slice(0, 2) }),
      code: 'PROTOCOL_PRIVATE_TOO_SMALL',
      says: /"mode": "open"/,
    },
    {
      what: 'ranges that overflow the sum',
      at: 'registered',
      ask: () => propose({ aggregation: { weightMax: 1_000_000, clipNorm: 1_000 } }),
      code: 'PROTOCOL_OVERFLOWS',
      says: /lower one of them/,
    },
    {
      what: 'a model that its label does not suit',
      at: 'registered',
      ask: () => propose({ model: { kind: 'linear-regression' } }),
      code: 'PROTOCOL_MODEL_INVALID',
      says: /takes a number label/,
    },
    {
      what: 'a protocol of too many bytes',
      at: 'registered',
      ask: () =>
        propose({
          columns: Array.from({ length: 4_500 }, (_, k) => ({
            kind: 'number',
            name: `${k}${'x'.repeat(80)}`,
            min: 0,
            max: 1,
          })),
        }),
      code: 'PROTOCOL_TOO_LARGE',
      says: /524288 are allowed/,
    },
    {
      what: 'too few rounds',
      at: 'registered',
      ask: () => propose({ roundsMax: 3 }),
      code: 'INPUT_INVALID',
      says: /roundsMax/,
    },
    {
      what: 'a study id of others',
      at: 'proposed',
      ask: () => propose({ members: [CLEVELAND, VA] }, VA, STUDY),
      code: 'STUDY_MEMBERS_CHANGED',
      says: /ClevelandMSP, HungaryMSP, SwitzerlandMSP, VaMSP/,
    },
    {
      what: 'a new protocol once a round was opened',
      at: 'initialOpen',
      ask: () => propose({ trainingRounds: 9 }),
      code: 'STUDY_RUNNING',
      says: /its protocol stands/,
    },
    {
      what: 'an unknown study',
      at: 'registered',
      ask: (c) => ask('StudyContract:approveStudy', approval(c, {}), VA),
      code: 'STUDY_UNKNOWN',
      says: /no study heart/,
    },
    {
      what: 'an unknown version',
      at: 'proposed',
      ask: (c) => ask('StudyContract:approveStudy', approval(c, { version: 2 }), VA),
      code: 'STUDY_VERSION_UNKNOWN',
      says: /no version 2/,
    },
    {
      what: 'an approval of another hash',
      at: 'proposed',
      ask: (c) => ask('StudyContract:approveStudy', approval(c, { protocolHash: digestOf('other') }), VA),
      code: 'PROTOCOL_HASH_MISMATCH',
      says: /read it again before you sign/,
    },
    {
      what: 'a second approval with other words',
      at: 'active',
      ask: (c) => ask('StudyContract:approveStudy', approval(c, { reason: 'on second thought' }), VA),
      code: 'ALREADY_APPROVED',
      says: /VaMSP has approved version 1/,
    },
    {
      what: 'a registration before the own approval',
      at: 'proposed',
      ask: (c) => ask('StudyContract:registerMember', { study: STUDY, receiptKey: c.receiptKey(VA) }, VA),
      code: 'STUDY_NOT_ACTIVE',
      says: /VaMSP have not approved version 1/,
    },
    {
      what: 'another receipt key',
      at: 'active',
      ask: (c) => ask('StudyContract:registerMember', { study: STUDY, receiptKey: c.receiptKey(STRANGER) }, VA),
      code: 'MEMBER_KEY_CHANGED',
      says: /kept for the whole study/,
    },
    {
      what: 'a yes taken back after the vote was carried',
      at: 'ended',
      ask: () => ask('StudyContract:castVote', { study: STUDY, subject: 'end', yes: false, reason: '' }, HUNGARY),
      code: 'VOTE_CLOSED',
      says: /the vote end of study heart/,
    },
    {
      what: 'a round of a study that is not active',
      at: 'proposed',
      ask: () => open(0),
      code: 'STUDY_NOT_ACTIVE',
      says: /ClevelandMSP, HungaryMSP, SwitzerlandMSP, VaMSP have not approved/,
    },
    {
      what: 'a round for fewer hospitals than the quorum',
      at: 'sparse',
      ask: () => open(0),
      code: 'ROUND_TOO_FEW_REGISTERED',
      says: /needs 3 hospitals, 2 have registered/,
    },
    {
      what: 'a first round after attestations',
      at: 'active',
      ask: () => open(0, THREE),
      code: 'INPUT_INVALID',
      says: /no round before it/,
    },
    {
      what: 'a round that is open',
      at: 'initialAgreed',
      ask: () => open(0),
      code: 'ROUND_EXISTS',
      says: /round 0 of study heart is open already/,
    },
    {
      what: 'a round that is not the next',
      at: 'initialAgreed',
      ask: () => open(2, THREE),
      code: 'ROUND_NOT_NEXT',
      says: /is 1, not 2/,
    },
    {
      what: 'a round after one that runs',
      at: 'joining',
      ask: () => open(2),
      code: 'ROUND_NOT_SETTLED',
      says: /round 1 of study heart .*not over/,
    },
    {
      what: 'a round on attestations that were not made',
      at: 'joining',
      ask: () => open(2, THREE),
      code: 'ATTESTATIONS_DIFFER',
      says: /3 attestations named are not 3 equal ones/,
    },
    {
      what: 'a round on too few attestations',
      at: 'initialAgreed',
      ask: () => open(1, [CLEVELAND, HUNGARY]),
      code: 'ATTESTATIONS_DIFFER',
      says: /2 attestations named are not 3/,
    },
    {
      what: 'a round on one attestation three times',
      at: 'initialAgreed',
      ask: () => open(1, [VA, VA, VA]),
      code: 'ATTESTATIONS_DIFFER',
      says: /3 attestations named are not 3/,
    },
    {
      what: 'a round on more attestations than are asked for',
      at: 'initialAgreed',
      ask: () => open(1, HOSPITALS),
      code: 'ATTESTATIONS_DIFFER',
      says: /4 attestations named are not 3/,
    },
    {
      what: 'a round of a study that was ended by vote',
      at: 'ended',
      ask: () => open(1, THREE),
      code: 'STUDY_ENDED',
      says: /has ended \(by vote\)/,
    },
    {
      what: 'a round of a study that is paused',
      at: 'paused',
      ask: () => open(5),
      code: 'STUDY_PAUSED',
      says: /5 aborts .* 3 members vote resume~0000000005 to go on/,
    },
  ] satisfies BadInput[]);

  test('a study id that other hospitals have taken', async () => {
    const channel = await STAGES.proposed();
    await channel.registerHospitals([STRANGER]);
    const asked = propose({ members: [STRANGER, VA] }, STRANGER);
    await expect(channel.submit(asked.name, asked.command, asked.msp)).rejects.toThrow(
      /^STUDY_ID_TAKEN: study heart was proposed by ClevelandMSP/,
    );
  });

  test('an approval of a version that was replaced', async () => {
    const channel = await STAGES.proposed();
    const command = approval(channel, {});
    await channel.submit(
      'StudyContract:proposeStudy',
      { study: STUDY, protocol: protocolOf({ trainingRounds: 5 }) },
      VA,
    );
    await expect(channel.submit('StudyContract:approveStudy', command, VA)).rejects.toThrow(
      /^STUDY_VERSION_REPLACED: version 1 of study heart was replaced by version 2/,
    );
  });

  test('a protocol changed after approval: the study is not active until all approve again', async () => {
    const channel = await STAGES.active();
    const changed = protocolOf({ trainingRounds: 5 });
    await channel.submit('StudyContract:proposeStudy', { study: STUDY, protocol: changed }, VA);
    await channel.approve(changed, CLEVELAND, 2);
    await expect(channel.open(0)).rejects.toThrow(
      /^STUDY_NOT_ACTIVE: .*: HungaryMSP, SwitzerlandMSP, VaMSP have not approved version 2/,
    );
    for (const msp of [HUNGARY, SWITZERLAND, VA]) await channel.approve(changed, msp, 2);
    expect(await channel.open(0)).toMatchObject({ protocolVersion: 2 });
  });
});
