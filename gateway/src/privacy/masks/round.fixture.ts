/** Masked rounds for the tests of this room. */
import type { Digest, Msp } from '@consilium/domain';
import { type MaskedRound, maskVector, type Recovered } from './maskedRound.js';
import { commitmentsOf, type MaskSecrets, makeMaskSecrets, type SecretKind } from './maskSecrets.js';
import { recoverSecret, type SharePair, shareSecrets } from './secretShares.js';

export type Member = Readonly<{ msp: Msp; secrets: MaskSecrets; vector: Int32Array; masked: Int32Array }>;
export type MadeRound = Readonly<{ round: MaskedRound; members: readonly Member[] }>;

export const digest = (byte: number) => byte.toString(16).padStart(2, '0').repeat(32) as Digest;
export const nameOf = (index: number) => `H${index}MSP` as Msp;

export function roundOf(members: ReadonlyMap<Msp, MaskSecrets>, changes: Partial<MaskedRound> = {}): MaskedRound {
  return {
    channel: 'consilium',
    study: 'heart',
    round: 7,
    baseDigest: digest(1),
    protocolHash: digest(2),
    roster: new Map([...members].map(([msp, secrets]) => [msp, commitmentsOf(secrets)])),
    ...changes,
  };
}

/** A round of `count` hospitals whose vectors `values` gives, each masked. */
export function makeRound(count: number, values: (member: number) => Int32Array): MadeRound {
  const secrets = new Map(Array.from({ length: count }, (_, k) => [nameOf(k), makeMaskSecrets()]));
  const round = roundOf(secrets);
  const members = [...secrets].map(([msp, own], k) => {
    const vector = values(k);
    const masked = vector.slice();
    maskVector(round, msp, own, masked);
    return { msp, secrets: own, vector, masked };
  });
  return { round, members };
}

export function plainSum(vectors: readonly Int32Array[]): Int32Array {
  const sum = new Int32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    for (let i = 0; i < sum.length; i++) sum[i] = ((sum[i] as number) + (vector[i] as number)) | 0;
  return sum;
}

/** What the holders reveal once the survivors are fixed: of each survivor the self mask, of each other the mask key. */
export async function recoveredOf(
  { round, members }: MadeRound,
  survivors: ReadonlySet<Msp>,
  dealt: ReadonlyMap<Msp, ReadonlyMap<Msp, SharePair>>,
  holders: (dealer: Msp) => readonly Msp[],
): Promise<Map<Msp, Recovered>> {
  const recovered = new Map<Msp, Recovered>();
  for (const { msp } of members) {
    const kind: SecretKind = survivors.has(msp) ? 'self' : 'mask';
    const shares = holders(msp).map((holder) => dealt.get(msp)?.get(holder)?.[kind] as Uint8Array);
    const commitments = round.roster.get(msp);
    const secret = commitments && (await recoverSecret(commitments, kind, shares));
    if (!secret) throw new Error(`${msp} cannot be recovered`);
    recovered.set(msp, { kind, secret });
  }
  return recovered;
}

export async function dealtBy({ members }: MadeRound, threshold: number) {
  const names = members.map(({ msp }) => msp);
  const dealt = new Map<Msp, Map<Msp, SharePair>>();
  for (const { msp, secrets } of members) dealt.set(msp, await shareSecrets(secrets, names, threshold));
  return dealt;
}
