/** Stages of a study, and what is asked of them that the contract must refuse. */
import { type CommandInput, type Msp, refusalIn, type TransactionName } from '@consilium/domain';
import { expect, test } from '@jest/globals';
import {
  type Asked,
  ContractChannel,
  digestOf,
  HOSPITALS,
  protocolOf,
  STUDY,
  versionOutcome,
} from './contractChannel.js';

export const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = HOSPITALS as [Msp, Msp, Msp, Msp];
/** A hospital of the channel that is in no study. */
export const STRANGER = 'StrangerMSP' as Msp;
/** t of the four. */
export const THREE = [CLEVELAND, HUNGARY, SWITZERLAND];
export const protocol = protocolOf();

/** Stages that a study is brought to before the bad input comes. */
export const STAGES = {
  empty: async () => new ContractChannel(),
  registered: async () => {
    const channel = new ContractChannel();
    await channel.registerHospitals();
    return channel;
  },
  proposed: async () => {
    const channel = await STAGES.registered();
    await channel.submit('StudyContract:proposeStudy', { study: STUDY, protocol }, CLEVELAND);
    return channel;
  },
  active: async () => {
    const channel = new ContractChannel();
    await channel.activeStudy(protocol);
    return channel;
  },
  /** Only two of four agents have registered. */
  sparse: async () => {
    const channel = new ContractChannel();
    await channel.activeStudy(protocol, [CLEVELAND, HUNGARY]);
    return channel;
  },
  initialOpen: async () => {
    const channel = await STAGES.active();
    await channel.open(0);
    return channel;
  },
  initialAgreed: async () => {
    const channel = await STAGES.active();
    await channel.initialRound();
    return channel;
  },
  /** Round 1 is open, nobody has joined. */
  joining: async () => {
    const channel = await STAGES.initialAgreed();
    await channel.open(1, THREE);
    return channel;
  },
  /** Round 1 was opened for three hospitals; the fourth registered afterwards. */
  joiningWithoutVa: async () => {
    const channel = new ContractChannel();
    await channel.activeStudy(protocol, THREE);
    await channel.initialRound(THREE);
    await channel.open(1, THREE);
    return channel;
  },
  contributing: async () => {
    const channel = await STAGES.joining();
    await channel.join(1);
    return channel;
  },
  /** VA has not joined round 1, and joining was closed. */
  contributingWithoutVa: async () => {
    const channel = await STAGES.joining();
    await channel.join(1, THREE);
    channel.now += 60_000;
    await channel.submit('RoundContract:closePhase', { study: STUDY, round: 1, phase: 'joining' }, VA);
    return channel;
  },
  /** VA has not contributed to round 1, and contributing was closed. */
  attestingWithoutVa: async () => {
    const channel = await STAGES.contributing();
    await channel.contribute(protocol, 1, THREE);
    channel.now += 700_000;
    await channel.submit('RoundContract:closePhase', { study: STUDY, round: 1, phase: 'contributing' }, HUNGARY);
    return channel;
  },
  attesting: async () => {
    const channel = await STAGES.contributing();
    await channel.contribute(protocol, 1);
    return channel;
  },
  agreed: async () => {
    const channel = await STAGES.attesting();
    await channel.attest(1, versionOutcome('statistics'), THREE);
    return channel;
  },
  voted: async () => {
    const channel = await STAGES.contributing();
    await channel.vote('abort~0000000001', THREE);
    await channel.submit('RoundContract:abortRound', { study: STUDY, round: 1 }, CLEVELAND);
    return channel;
  },
  ended: async () => {
    const channel = await STAGES.initialAgreed();
    await channel.vote('end', THREE);
    return channel;
  },
  paused: async () => {
    const channel = await STAGES.active();
    for (let round = 0; round < 5; round++) {
      await channel.open(round);
      channel.now += 86_400_000;
      await channel.submit('RoundContract:closePhase', { study: STUDY, round, phase: 'attesting' }, VA);
    }
    return channel;
  },
} as const;

export type BadInput = Readonly<{
  what: string;
  at: keyof typeof STAGES;
  ask: (channel: ContractChannel) => Asked;
  code: string;
  says: RegExp;
}>;

export const ask = <Name extends TransactionName>(
  name: Name,
  command: CommandInput<Name>,
  msp: Msp,
  role?: Asked['role'],
) => ({ name, command, msp, ...(role === undefined ? {} : { role }) }) as unknown as Asked;

export const propose = (changes: object, msp: Msp = CLEVELAND, study: string = STUDY) =>
  ask('StudyContract:proposeStudy', { study, protocol: { ...protocol, ...changes } }, msp);
export const approval = (channel: ContractChannel, changes: object) => {
  const stands = JSON.parse(channel.ledger.read(`study~${STUDY}~0000000001`) ?? '{}').protocolHash ?? digestOf('none');
  return { study: STUDY, version: 1, protocolHash: stands, meaning: 'approval', reason: '', ...changes };
};
export const contribution = (channel: ContractChannel, msp: Msp, changes: object = {}) => ({
  ...channel.contributeCommand(protocol, 1, msp),
  ...changes,
});
export const close = (phase: 'joining' | 'contributing' | 'unmasking' | 'attesting', round = 1, msp: Msp = CLEVELAND) =>
  ask('RoundContract:closePhase', { study: STUDY, round, phase }, msp);
export const open = (round: number, attestedBy: readonly Msp[] = [], msp: Msp = CLEVELAND) =>
  ask('RoundContract:openRound', { study: STUDY, round, attestedBy: [...attestedBy] }, msp);
export const record = (round: number, attestedBy: readonly Msp[], msp: Msp = CLEVELAND) =>
  ask('ModelContract:recordVersion', { study: STUDY, round, attestedBy: [...attestedBy] }, msp);

/** One test for each: the code, what it says, and that nothing is written. */
export function testRefusals(inputs: readonly BadInput[]): void {
  test.each(inputs.map((input) => [input.what, input] as const))('%s', async (_, { at, ask: asked, code, says }) => {
    const channel = await STAGES[at]();
    const { name, command, msp, role } = asked(channel);
    const before = channel.ledger.range('', '\u007f');
    const answer = await channel.endorse(name, command, msp, role);
    if (answer.ok) throw new Error(`endorsed: ${answer.response}`);
    const error = refusalIn(answer.error);
    expect(error).toMatchObject({ code, detail: expect.stringMatching(says) });
    expect(answer.writes).toEqual([]);
    expect(channel.ledger.range('', '\u007f')).toEqual(before);
  });
}
