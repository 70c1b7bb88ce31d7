/** Takes the masks off the sum of a private round (Bonawitz et al., CCS 2017), with what holders revealed. */
import { createCipheriv, diffieHellman, hkdfSync } from 'node:crypto';
import { type Digest, type JoinedKeys, type Msp, pairMaskContext, type StudyId } from '@consilium/domain';
import { canonicalText } from '../wire/canonicalText.js';
import { sha256 } from '../wire/sha256.js';
import { addBytes, ELEMENT_BYTES } from './integers.js';
import { privateKey, publicKey } from './secrets.js';

const STREAM_BYTES = 1 << 20;

export type MaskedRound = Readonly<{
  channel: string;
  study: StudyId;
  round: number;
  baseDigest: Digest;
  protocolHash: Digest;
  /** Of all that joined. */
  keys: ReadonlyMap<Msp, JoinedKeys>;
}>;

export type OpenedSecrets = Readonly<{
  /** Of survivors. */
  selfMasks: ReadonlyMap<Msp, Buffer>;
  /** Of the others that joined. */
  maskKeys: ReadonlyMap<Msp, Buffer>;
}>;

/** In place. @throws Error for a mask key of small order, which no honest hospital masks with */
export function unmask(sum: Int32Array, round: MaskedRound, { selfMasks, maskKeys }: OpenedSecrets): void {
  for (const secret of selfMasks.values()) addStream(sum, secret, -1);
  const { channel, study, round: number, baseDigest, protocolHash, keys } = round;
  const rosterDigest = sha256(Buffer.from(canonicalText([...keys.keys()].sort()))).toString('hex') as Digest;
  const bound = { channel, study, round: number, baseDigest, protocolHash, rosterDigest };
  for (const [lost, secret] of maskKeys)
    for (const survivor of selfMasks.keys()) {
      const published = (keys.get(survivor) as JoinedKeys).maskKey;
      const shared = diffieHellman({ privateKey: privateKey(secret), publicKey: publicKey(published) });
      const seed = hkdfSync('sha256', shared, '', pairMaskContext(bound, lost, survivor), 32);
      // Of two hospitals the one whose name comes first has added the stream, and the other has taken it off.
      addStream(sum, Buffer.from(seed), survivor < lost ? -1 : 1);
    }
}

/** AES-256-CTR from counter 0 over zeros. */
function addStream(sum: Int32Array, seed: Buffer, sign: 1 | -1): void {
  const cipher = createCipheriv('aes-256-ctr', seed, Buffer.alloc(16));
  const zeros = Buffer.alloc(Math.min(STREAM_BYTES, sum.length * ELEMENT_BYTES));
  for (let at = 0; at < sum.length; at += zeros.length / ELEMENT_BYTES) {
    const left = (sum.length - at) * ELEMENT_BYTES;
    addBytes(sum, cipher.update(left < zeros.length ? zeros.subarray(0, left) : zeros), sign, at);
  }
}
