/** A member that sends the channel what no honest one does in a private round, or lets old transactions commit late. */
import {
  type CommandInput,
  ledgerKey,
  type Msp,
  majority,
  refusalIn,
  type TransactionName,
  tenDigits,
} from '@consilium/domain';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ContractChannel, digestOf, HOSPITALS, protocolOf, STUDY, versionOutcome } from '../support/contractChannel.js';
import {
  honestReveal,
  joinKeys,
  joinPrivately,
  privateJoin,
  publicKeyOf,
  revealAll,
  roundOf,
} from '../support/privateRounds.js';
import type { Endorsed } from '../support/simulatedLedger.js';

const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = HOSPITALS as [Msp, Msp, Msp, Msp];
const THREE = [CLEVELAND, HUNGARY, SWITZERLAND];
const protocol = protocolOf({ mode: 'private', trainingRounds: 3 });
const ZEROS = Buffer.alloc(32).toString('base64');

let channel: ContractChannel;
beforeEach(async () => {
  channel = new ContractChannel();
  await channel.activeStudy(protocol);
  await channel.open(0);
  await channel.attest(0, versionOutcome('weights 0', { sumDigest: null }), THREE);
  await channel.open(1, THREE.slice(0, majority(protocol)));
});

const codeOf = (refused: Promise<unknown>) =>
  refused.then(
    () => 'accepted',
    (error: Error) => refusalIn(error.message)?.code ?? error.message,
  );

/** Endorsed now; it commits when the attacker likes. */
async function heldBack<Name extends TransactionName>(
  name: Name,
  command: CommandInput<Name>,
  msp: Msp,
): Promise<Endorsed> {
  const endorsed = await channel.endorse(name, command, msp);
  if (!endorsed.ok) throw new Error(endorsed.error);
  return endorsed;
}
const commitLate = (endorsed: Endorsed) => channel.ledger.validateAndCommit([endorsed])[0]?.code;

async function closed(phase: 'joining' | 'contributing'): Promise<void> {
  channel.now += 700_000;
  await channel.submit('RoundContract:closePhase', { study: STUDY, round: 1, phase }, CLEVELAND);
}

async function finished(survivors: readonly Msp[]): Promise<void> {
  await revealAll(channel, 1, THREE, survivors, survivors);
  await channel.attest(1, versionOutcome('statistics'), THREE);
  await channel.open(2, THREE);
}

describe('a transaction that its sender held back', () => {
  test('as a join, after joining was closed: it is invalid, and the roster stays', async () => {
    const join = await heldBack('RoundContract:joinRound', privateJoin(channel, 1, VA), VA);
    await joinPrivately(channel, 1, THREE);
    await closed('joining');
    expect(commitLate(join)).toBe('MVCC_READ_CONFLICT');
    expect(channel.ledger.read(ledgerKey.join(STUDY, 1, VA))).toBeUndefined();
  });

  test('as a contribution, after the survivors were fixed: it is invalid, now and rounds later', async () => {
    await joinPrivately(channel, 1, HOSPITALS);
    const command = channel.contributeCommand(protocol, 1, VA);
    const [contribution, another] = [
      await heldBack('RoundContract:contribute', command, VA),
      await heldBack('RoundContract:contribute', command, VA),
    ];
    await channel.contribute(protocol, 1, THREE);
    await closed('contributing');
    expect(commitLate(contribution)).toBe('MVCC_READ_CONFLICT');
    await revealAll(channel, 1, THREE, HOSPITALS, THREE);
    await channel.attest(1, versionOutcome('statistics'), THREE);
    await channel.open(2, THREE);
    expect(commitLate(another)).toBe('MVCC_READ_CONFLICT');
    expect(await codeOf(channel.submit('RoundContract:contribute', command, VA))).toBe('PHASE_CLOSED');
  });

  test('as a reveal, rounds later: it says what it said, and changes neither round nor version', async () => {
    await joinPrivately(channel, 1, HOSPITALS);
    await channel.contribute(protocol, 1, HOSPITALS);
    const reveal = await heldBack(
      'RoundContract:reveal',
      honestReveal(roundOf(channel, 1), VA, HOSPITALS, HOSPITALS),
      VA,
    );
    await finished(HOSPITALS);
    const version = channel.ledger.read(ledgerKey.model(STUDY, 1));
    const round = channel.ledger.read(ledgerKey.round(STUDY, 2));
    expect(commitLate(reveal)).toBe('VALID');
    expect(channel.ledger.read(ledgerKey.model(STUDY, 1))).toBe(version);
    expect(channel.ledger.read(ledgerKey.round(STUDY, 2))).toBe(round);
  });

  test('as an opening of the next round, after somebody else opened it: it is invalid', async () => {
    await joinPrivately(channel, 1, HOSPITALS);
    await channel.contribute(protocol, 1, HOSPITALS);
    await revealAll(channel, 1, THREE, HOSPITALS, HOSPITALS);
    await channel.attest(1, versionOutcome('statistics'), THREE);
    const opening = await heldBack('RoundContract:openRound', { study: STUDY, round: 2, attestedBy: THREE }, VA);
    await channel.open(2, THREE);
    expect(commitLate(opening)).toBe('MVCC_READ_CONFLICT');
  });
});

describe('a member', () => {
  test('opens no second round beside one that runs, nor one on a base of its own choice', async () => {
    expect(await codeOf(channel.open(2, THREE))).toBe('ATTESTATIONS_DIFFER');
    expect(await codeOf(channel.open(2))).toBe('ROUND_NOT_SETTLED');
    expect(await codeOf(channel.open(1, THREE))).toBe('ROUND_EXISTS');
    const own = { study: STUDY, round: 2, attestedBy: THREE, base: { version: 0, digest: digestOf('mine') } };
    expect(await codeOf(channel.submit('RoundContract:openRound', own as never, VA))).toBe('INPUT_INVALID');
    const join = { ...privateJoin(channel, 1, VA), baseDigest: digestOf('mine') };
    expect(await codeOf(channel.submit('RoundContract:joinRound', join, VA))).toBe('ROUND_BASE_MISMATCH');
  });

  test('contributes no other member’s vector with the receipts for it', async () => {
    await joinPrivately(channel, 1, HOSPITALS);
    const replayed = channel.contributeCommand(protocol, 1, CLEVELAND);
    await channel.submit('RoundContract:contribute', replayed, CLEVELAND);
    expect(await codeOf(channel.submit('RoundContract:contribute', replayed, VA))).toBe('RECEIPT_FALSE');
  });

  test('gives another’s name to nothing: who it is stands in its certificate, and its keys stay', async () => {
    const forged = { study: STUDY, index: 1, publicKey: publicKeyOf('forged'), msp: CLEVELAND };
    expect(await codeOf(channel.submit('StudyContract:registerShareKey', forged as never, VA))).toBe('INPUT_INVALID');
    const taken = { study: STUDY, receiptKey: channel.receiptKey(CLEVELAND), shareKey: channel.shareKey(CLEVELAND) };
    expect(await codeOf(channel.submit('StudyContract:registerMember', taken, VA))).toBe('MEMBER_KEY_CHANGED');
    expect(channel.ledger.read(ledgerKey.shareKey(STUDY, CLEVELAND, 1))).toBeUndefined();
  });

  test('brings no key into a round that nobody else could mask with, or seal to', async () => {
    const join = privateJoin(channel, 1, VA);
    const keys = joinKeys(channel, 1, VA);
    const joined = (changed: object) =>
      codeOf(channel.submit('RoundContract:joinRound', { ...join, keys: { ...keys, ...changed } }, VA));
    expect(await joined({ maskKey: ZEROS })).toBe('INPUT_INVALID');
    expect(await joined({ next: { ...keys.next, publicKey: ZEROS } })).toBe('INPUT_INVALID');
    const alone = { study: STUDY, index: 1, publicKey: ZEROS };
    expect(await codeOf(channel.submit('StudyContract:registerShareKey', alone, VA))).toBe('INPUT_INVALID');
    const other = new ContractChannel();
    await other.activeStudy(protocol, []);
    const registered = { study: STUDY, receiptKey: other.receiptKey(VA), shareKey: ZEROS };
    expect(await codeOf(other.submit('StudyContract:registerMember', registered, VA))).toBe('INPUT_INVALID');
  });

  test('rejects a version by vote, and gets no second sum over its parent without the others of the first', async () => {
    await joinPrivately(channel, 1, HOSPITALS);
    await channel.contribute(protocol, 1, HOSPITALS);
    await finished(HOSPITALS);
    const played = async (round: number, name: string) => {
      await joinPrivately(channel, round, HOSPITALS);
      await channel.contribute(protocol, round, HOSPITALS);
      await revealAll(channel, round, THREE, HOSPITALS, HOSPITALS);
      await channel.attest(round, versionOutcome(name), THREE);
    };
    await played(2, 'weights 2');
    await channel.open(3, THREE);
    await played(3, 'weights 3');
    await channel.vote(`veto~${tenDigits(2)}`, THREE);
    await channel.open(4, THREE);
    expect(roundOf(channel, 4)).toMatchObject({
      base: { version: 1 },
      sameSurvivorsAs: { round: 2, survivors: HOSPITALS },
    });
    await joinPrivately(channel, 4, HOSPITALS);
    await channel.contribute(protocol, 4, THREE);
    channel.now += 700_000;
    await channel.submit('RoundContract:closePhase', { study: STUDY, round: 4, phase: 'contributing' }, CLEVELAND);
    for (const msp of THREE) {
      const reveal = channel.submit(
        'RoundContract:reveal',
        honestReveal(roundOf(channel, 4), msp, HOSPITALS, THREE),
        msp,
      );
      expect(await codeOf(reveal)).toBe('REVEAL_DIFFERENCING');
    }
  });
});
