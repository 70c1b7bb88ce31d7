/** Openings in a hospital's own collection: kept and purged by its agent on its own peer, and nothing of it in public. */
import type { CommandInput, ConsentRef, Msp } from '@consilium/domain';
import { PRIVATE_OPENING_CHARACTERS_MAX, refusalIn } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { eventOf, OWN, recordEvents, refOf, withPolicy } from '../support/consentOnChannel.js';
import { type ContractChannel, digestOf, HOSPITALS } from '../support/contractChannel.js';

const COLLECTION = `_implicit_org_${OWN}`;
const REFS = [refOf('ada'), refOf('ben')];
const openings = (refs: readonly ConsentRef[] = REFS) =>
  JSON.stringify(Object.fromEntries(refs.map((ref) => [ref, Buffer.from(`secret of ${ref}`).toString('base64')])));

type How = Readonly<{ msp?: Msp; peer?: Msp; role?: string | null; transient?: Record<string, string>; txId?: string }>;

async function ask(
  channel: ContractChannel,
  name: 'keepPrivate' | 'purgePrivate' | 'readPrivate',
  refs = REFS,
  how: How = {},
) {
  const command: CommandInput<'ConsentContract:keepPrivate'> = { refs: [...refs] };
  const { msp = OWN, peer = OWN, role = 'agent', transient = { openings: openings(refs) } } = how;
  return channel.ledger.simulate(
    {
      transaction: `ConsentContract:${name}`,
      argument: JSON.stringify(command),
      creator: { msp, role, id: 'someone' },
      txId: how.txId ?? `${name} ${refs.length}`,
      timestampMs: channel.now,
      ...(name === 'keepPrivate' ? { transient } : {}),
    },
    { clockMs: channel.now, msp: peer },
  );
}

async function commit(channel: ContractChannel, answer: Awaited<ReturnType<typeof ask>>) {
  if (!answer.ok) throw new Error(answer.error);
  expect(answer.readWriteSet.writes).toEqual([]);
  expect(answer.event).toBeNull();
  expect(channel.ledger.validateAndCommit([answer])).toMatchObject([{ code: 'VALID' }]);
  return JSON.parse(answer.response);
}

const refusedWith = (answer: Awaited<ReturnType<typeof ask>>) => refusalIn(answer.ok ? '' : answer.error);

describe('openings', () => {
  test('are kept, read again, and purged, and the channel sees none of it', async () => {
    const channel = await withPolicy({ privateCopy: true });
    const before = channel.ledger.range('', '\u007f');
    expect(await commit(channel, await ask(channel, 'keepPrivate'))).toEqual({ msp: OWN, kept: 2 });
    expect(channel.ledger.readPrivate(COLLECTION, `opening~${REFS[0]}`)).toBe(
      JSON.parse(openings())[REFS[0] as string],
    );
    const read = await ask(channel, 'readPrivate', [...REFS, refOf('nobody')]);
    expect(read.ok && JSON.parse(read.response)).toEqual({
      items: REFS.map((ref) => ({ key: `opening~${ref}`, value: JSON.parse(openings())[ref] })),
      cursor: null,
    });
    expect(await commit(channel, await ask(channel, 'purgePrivate', [REFS[0] as ConsentRef]))).toEqual({
      msp: OWN,
      purged: 1,
    });
    expect(channel.ledger.readPrivate(COLLECTION, `opening~${REFS[0]}`)).toBeUndefined();
    expect(channel.ledger.readPrivate(COLLECTION, `opening~${REFS[1]}`)).toBeDefined();
    expect(channel.ledger.range('', '\u007f')).toEqual(before);
  });

  test.each(['keepPrivate', 'purgePrivate', 'readPrivate'] as const)(
    '%s is for the hospital of the peer alone',
    async (name) => {
      const channel = await withPolicy();
      const foreign = HOSPITALS[1] as Msp;
      // Of another hospital's client on this peer, and of this hospital's client on another peer.
      for (const how of [{ msp: foreign }, { peer: foreign }])
        expect(refusedWith(await ask(channel, name, REFS, how))?.code).toBe('CONSENT_FOREIGN_RECORD');
      for (const role of ['compliance-officer', 'data-steward', null])
        expect(refusedWith(await ask(channel, name, REFS, { role }))?.code).toBe('ROLE_REQUIRED');
    },
  );

  test.each<[string, Record<string, string>]>([
    ['do not come as transient data', {}],
    ['are not JSON', { openings: '{' }],
    ['are not an object', { openings: '[]' }],
    ['are of other refs', { openings: openings([refOf('eve'), refOf('ben')]) }],
    ['are of fewer refs', { openings: openings([refOf('ben')]) }],
    ['are of more refs', { openings: openings([...REFS, refOf('eve')]) }],
    ['are not base64', { openings: JSON.stringify(Object.fromEntries(REFS.map((ref) => [ref, 'Ada Lovelace']))) }],
    ['are empty', { openings: JSON.stringify(Object.fromEntries(REFS.map((ref) => [ref, '']))) }],
    ['are no text', { openings: JSON.stringify(Object.fromEntries(REFS.map((ref) => [ref, 7]))) }],
    [
      'are too long',
      {
        openings: JSON.stringify(
          Object.fromEntries(REFS.map((ref) => [ref, 'A'.repeat(PRIVATE_OPENING_CHARACTERS_MAX + 4)])),
        ),
      },
    ],
  ])('that %s are refused, without a word of them', async (_, transient) => {
    const channel = await withPolicy();
    const answer = await ask(channel, 'keepPrivate', REFS, { transient });
    expect(refusedWith(answer)).toMatchObject({ code: 'INPUT_INVALID', detail: expect.stringMatching(/^openings: /) });
    expect(answer.ok ? '' : answer.error).not.toMatch(/Ada|AAAA/);
  });

  test('of one ref twice are refused', async () => {
    const channel = await withPolicy();
    const twice = [REFS[0] as ConsentRef, REFS[0] as ConsentRef];
    expect(refusedWith(await ask(channel, 'keepPrivate', twice))?.code).toBe('INPUT_INVALID');
  });

  test('of an erased record are not kept again', async () => {
    const channel = await withPolicy();
    await recordEvents(channel, [eventOf(channel, 'ada', 0)]);
    const erased = { ref: REFS[0] as ConsentRef, ground: 'gdpr-17-1-b' as const, receiptHash: digestOf('receipt') };
    await channel.submit('ConsentContract:eraseRecord', erased, OWN);
    expect(refusedWith(await ask(channel, 'keepPrivate'))?.code).toBe('CONSENT_RECORD_ERASED');
    expect((await ask(channel, 'purgePrivate')).ok).toBe(true);
  });
});
