/** Plays private rounds on a contract channel: keys, dealt shares and reveals that fit each other, made of names. */
import { createHash } from 'node:crypto';
import {
  type CommandInput,
  dealtShares,
  type JoinKeys,
  type Msp,
  Round,
  revealedKind,
  SEALED_SHARES_BYTES,
  SHARE_BYTES,
  type ShareKind,
  shareHash,
} from '@consilium/domain';
import { type ContractChannel, STUDY } from './contractChannel.js';

const hashOf = (content: string | Uint8Array) => createHash('sha256').update(content).digest();
const bytesOf = (name: string, length: number): Buffer => {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, k) => hashOf(`${name} ${k}`));
  return Buffer.concat(blocks).subarray(0, length);
};

export const publicKeyOf = (name: string): string => bytesOf(name, 32).toString('base64');

/** The share that a dealer dealt a holder, as base64. */
export const shareOf = (round: number, dealer: Msp, holder: Msp, kind: ShareKind): string =>
  bytesOf(`share ${round} ${dealer} ${holder} ${kind}`, SHARE_BYTES).toString('base64');

export function roundOf(channel: ContractChannel, round: number): Round {
  return Round.parse(channel.roundRecord(round));
}

/** What a join brings: it seals to the keys that the round pins. */
export function joinKeys(channel: ContractChannel, round: number, dealer: Msp): JoinKeys {
  const pinned = roundOf(channel, round).shareKeys ?? [];
  const listed = (holder: Msp, kind: ShareKind) =>
    shareHash(dealer, holder, kind, Buffer.from(shareOf(round, dealer, holder, kind), 'base64'));
  const own = pinned.find(({ msp }) => msp === dealer);
  return {
    maskKey: publicKeyOf(`mask key ${round} ${dealer}`),
    selfMaskHash: publicKeyOf(`self mask ${round} ${dealer}`),
    encapsulated: publicKeyOf(`encapsulated ${round} ${dealer}`),
    dealt: pinned.map(({ msp: holder }) =>
      dealtShares(
        bytesOf(`box ${round} ${dealer} ${holder}`, SEALED_SHARES_BYTES),
        listed(holder, 'selfMask'),
        listed(holder, 'maskKey'),
      ),
    ),
    next: { index: (own?.index ?? 0) + 1, publicKey: publicKeyOf(`share key ${dealer} ${round + 1}`) },
  };
}

export function privateJoin(
  channel: ContractChannel,
  round: number,
  msp: Msp,
): CommandInput<'RoundContract:joinRound'> {
  return { ...channel.joinCommand(round), keys: joinKeys(channel, round, msp) };
}

/** What an honest holder opens. */
export function honestReveal(
  round: Pick<Round, 'round' | 'available'>,
  holder: Msp,
  roster: readonly Msp[],
  survivors: readonly Msp[],
): CommandInput<'RoundContract:reveal'> {
  const shares = round.available.map((of) =>
    roster.includes(of) ? shareOf(round.round, of, holder, revealedKind(survivors, of)) : null,
  );
  return { study: STUDY, round: round.round, shares };
}

export async function joinPrivately(channel: ContractChannel, round: number, hospitals: readonly Msp[]): Promise<void> {
  for (const msp of hospitals) await channel.submit('RoundContract:joinRound', privateJoin(channel, round, msp), msp);
}

export async function revealAll(
  channel: ContractChannel,
  round: number,
  holders: readonly Msp[],
  roster: readonly Msp[],
  survivors: readonly Msp[],
): Promise<void> {
  for (const msp of holders)
    await channel.submit('RoundContract:reveal', honestReveal(roundOf(channel, round), msp, roster, survivors), msp);
}
