import { randomBytes } from 'node:crypto';
import type { Msp } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { makeKeyPair } from './maskKeys.js';
import { commitmentsOf, makeMaskSecrets, type SecretKind } from './maskSecrets.js';
import { nameOf } from './round.fixture.js';
import { isShareOf, recoverSecret, SHARE_BYTES, type SharePair, shareHash, shareSecrets } from './secretShares.js';
import { BOX_BYTES, type BoxLabel, openShares, sealShares } from './shareBoxes.js';

const HOLDERS = Array.from({ length: 5 }, (_, k) => nameOf(k));
const THRESHOLD = 3;
const KINDS = ['self', 'mask'] as const;

async function dealt() {
  const secrets = makeMaskSecrets();
  const shares = await shareSecrets(secrets, HOLDERS, THRESHOLD);
  const sharesOf = (kind: SecretKind, holders: readonly number[]) =>
    holders.map((holder) => shares.get(nameOf(holder))?.[kind] as Uint8Array);
  return { secrets, commitments: commitmentsOf(secrets), shares, sharesOf };
}

describe('shares', () => {
  test('any three of five give both secrets, in any order', async () => {
    const { secrets, commitments, sharesOf } = await dealt();
    for (const holders of [
      [0, 1, 2],
      [4, 2, 0],
      [3, 1, 4],
      [0, 1, 2, 3, 4],
    ]) {
      expect(await recoverSecret(commitments, 'self', sharesOf('self', holders))).toEqual(secrets.selfMask);
      expect(await recoverSecret(commitments, 'mask', sharesOf('mask', holders))).toEqual(secrets.maskKey);
    }
  });

  test('two of five give nothing: what they combine to is as good as any other secret', async () => {
    const { secrets, commitments, sharesOf } = await dealt();
    for (const kind of KINDS) expect(await recoverSecret(commitments, kind, sharesOf(kind, [0, 1]))).toBeUndefined();
    // For every guess of the secret's first byte, a third share exists that makes two true ones give it.
    const [one, two] = sharesOf('self', [0, 1]) as [Uint8Array, Uint8Array];
    const place = [...Array(255).keys()].map((k) => k + 1).find((x) => x !== one[32] && x !== two[32]) as number;
    const { combine } = await import('shamir-secret-sharing');
    const reached = new Set<number>();
    for (let byte = 0; byte < 256; byte++) {
      const third = new Uint8Array(SHARE_BYTES);
      third[0] = byte;
      third[32] = place;
      reached.add((await combine([one.slice(), two.slice(), third]))[0] as number);
    }
    expect(reached.size).toBe(256);
    expect(secrets.selfMask).toHaveLength(32);
  });

  test('shares of the other kind, of another dealer, and the same share twice give nothing', async () => {
    const [one, other] = [await dealt(), await dealt()];
    expect(await recoverSecret(one.commitments, 'self', one.sharesOf('mask', [0, 1, 2]))).toBeUndefined();
    expect(await recoverSecret(one.commitments, 'self', other.sharesOf('self', [0, 1, 2]))).toBeUndefined();
    const twice = [...one.sharesOf('self', [0, 0, 1])];
    expect(await recoverSecret(one.commitments, 'self', twice)).toBeUndefined();
    expect(await recoverSecret(one.commitments, 'self', [new Uint8Array(3), ...twice.slice(1)])).toBeUndefined();
  });

  test('a dealer of garbage is found out: its shares match their hashes, and what they give is not what it committed to', async () => {
    const { commitments } = await dealt();
    const other = makeMaskSecrets();
    const garbage = await shareSecrets(other, HOLDERS, THRESHOLD);
    const shares = HOLDERS.slice(0, THRESHOLD).map((holder) => garbage.get(holder)?.self as Uint8Array);
    for (const [k, share] of shares.entries()) {
      const hash = shareHash(nameOf(0), nameOf(k), 'self', share);
      expect(isShareOf(hash, nameOf(0), nameOf(k), 'self', share)).toBe(true);
    }
    expect(await recoverSecret(commitments, 'self', shares)).toBeUndefined();
  });

  test('a dealer of inconsistent shares is found out by whichever three count', async () => {
    const { commitments, sharesOf } = await dealt();
    const bent = (sharesOf('self', [2])[0] as Uint8Array).map((byte, k) => (k === 5 ? byte ^ 1 : byte));
    expect(await recoverSecret(commitments, 'self', [...sharesOf('self', [0, 1]), bent])).toBeUndefined();
    expect(await recoverSecret(commitments, 'self', sharesOf('self', [0, 1, 3]))).toBeDefined();
  });

  test('a false share matches no hash: not with a bit changed, nor of another holder, kind or dealer', async () => {
    const { shares } = await dealt();
    const share = shares.get(nameOf(1))?.self as Uint8Array;
    const hash = shareHash(nameOf(0), nameOf(1), 'self', share);
    expect(isShareOf(hash, nameOf(0), nameOf(1), 'self', share)).toBe(true);
    const false_: [Msp, Msp, SecretKind, Uint8Array][] = [
      [nameOf(0), nameOf(1), 'self', share.map((byte, k) => (k === 32 ? byte ^ 1 : byte))],
      [nameOf(0), nameOf(1), 'self', share.subarray(0, 32)],
      [nameOf(0), nameOf(2), 'self', share],
      [nameOf(0), nameOf(1), 'mask', share],
      [nameOf(2), nameOf(1), 'self', share],
    ];
    for (const [dealer, holder, kind, bytes] of false_)
      expect(isShareOf(hash, dealer, holder, kind, bytes)).toBe(false);
  });
});

describe('boxes', () => {
  const label = (changes: Partial<BoxLabel> = {}): BoxLabel => ({
    channel: 'consilium',
    study: 'heart',
    round: 7,
    dealer: nameOf(0),
    holder: nameOf(1),
    commitments: { selfMaskHash: Buffer.alloc(32, 1), maskKey: Buffer.alloc(32, 2) },
    ...changes,
  });
  const pair = (): SharePair => ({ self: randomBytes(SHARE_BYTES), mask: randomBytes(SHARE_BYTES) });

  test('open for their holder alone', async () => {
    const [holder, other] = [makeKeyPair(), makeKeyPair()];
    const shares = pair();
    const box = await sealShares(label(), holder.publicKey, shares);
    expect(box).toHaveLength(BOX_BYTES);
    const opened = await openShares(label(), holder.privateKey, box);
    expect(Buffer.from(opened?.self ?? [])).toEqual(shares.self);
    expect(Buffer.from(opened?.mask ?? [])).toEqual(shares.mask);
    expect(await openShares(label(), other.privateKey, box)).toBeUndefined();
  });

  test.each<[string, Partial<BoxLabel>]>([
    ['another channel', { channel: 'other' }],
    ['another study', { study: 'heart2' }],
    ['another round: a join that is played again', { round: 8 }],
    ['another dealer: a copied join', { dealer: nameOf(2) }],
    ['another holder: boxes that were swapped', { holder: nameOf(2) }],
    ['another self mask', { commitments: { selfMaskHash: Buffer.alloc(32, 9), maskKey: Buffer.alloc(32, 2) } }],
    ['another mask key', { commitments: { selfMaskHash: Buffer.alloc(32, 1), maskKey: Buffer.alloc(32, 9) } }],
    ['fields that run together the same way', { channel: 'consiliumh', study: 'eart' }],
  ])('do not open under %s', async (_, changes) => {
    const holder = makeKeyPair();
    const box = await sealShares(label(), holder.publicKey, pair());
    expect(await openShares(label(changes), holder.privateKey, box)).toBeUndefined();
  });

  test('do not open with any bit changed, nor of another length', async () => {
    const holder = makeKeyPair();
    const box = await sealShares(label(), holder.publicKey, pair());
    for (let byte = 0; byte < box.length; byte++) {
      const bent = box.map((value, k) => (k === byte ? value ^ 64 : value));
      expect(await openShares(label(), holder.privateKey, bent)).toBeUndefined();
    }
    for (const other of [box.subarray(1), Buffer.concat([box, Buffer.alloc(1)]), new Uint8Array(0)])
      expect(await openShares(label(), holder.privateKey, other)).toBeUndefined();
    expect(await openShares(label(), holder.privateKey, randomBytes(BOX_BYTES))).toBeUndefined();
  });

  test('of the same shares are never the same bytes', async () => {
    const holder = makeKeyPair();
    const shares = pair();
    const boxes = await Promise.all([1, 2].map(() => sealShares(label(), holder.publicKey, shares)));
    expect(boxes[0]).not.toEqual(boxes[1]);
  });
});
