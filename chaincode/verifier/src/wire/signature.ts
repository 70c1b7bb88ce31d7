/** ECDSA signatures as Fabric takes them: DER, over SHA-256, with the lower of the two possible s. */
import { type KeyObject, verify } from 'node:crypto';
import { Doubt } from '../doubt.js';
import { type elements, sequence, TAG } from './der.js';

/** Orders of the curves' groups (SEC 2, sections 2.4.2 and 2.5.1). */
const ORDERS: Readonly<Record<string, bigint>> = {
  prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp384r1: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};

/** Whether `key` signed the message. Another form of the same signature is no signature. */
export function isSigned(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  const order = ORDERS[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (order === undefined) return false;
  try {
    const scalars = sequence(Buffer.from(signature)).map(scalar);
    const [r, s] = scalars;
    if (scalars.length !== 2 || !r || !s || r >= order || s > order / 2n) return false;
    return verify('sha256', message, key, signature);
  } catch (error) {
    if (error instanceof Doubt) return false;
    throw error;
  }
}

function scalar({ tag, content }: ReturnType<typeof elements>[number]): bigint {
  const [first, second] = content;
  const isShortest = first !== 0 || (second !== undefined && second >= 0x80);
  if (tag !== TAG.integer || first === undefined || first >= 0x80 || !isShortest)
    throw new Doubt('no positive INTEGER');
  return BigInt(`0x${content.toString('hex')}`);
}
