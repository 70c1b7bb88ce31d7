import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCertificate } from '../membership/identity.js';
import { encode, msp } from '../wire/proto.js';
import { signLowS } from '../wire/signature.js';

/** Somebody who can sign: a peer, or an orderer. */
export class SigningIdentity {
  /** `SerializedIdentity` with organisation and PEM certificate. */
  readonly serialized: Buffer;
  readonly msp: string;
  readonly #key: KeyObject;

  constructor(organization: string, certificate: string, key: string) {
    const parsed = readCertificate(certificate);
    this.#key = createPrivateKey(key);
    if (!parsed?.checkPrivateKey(this.#key))
      throw new Error(`${organization}: key and certificate do not belong together`);
    const identity = new msp.SerializedIdentity();
    identity.setMspid(organization);
    identity.setIdBytes(Buffer.from(certificate));
    this.serialized = encode(identity);
    this.msp = organization;
  }

  /** ECDSA over SHA-256 with low S. */
  sign(message: Uint8Array): Buffer {
    return signLowS(this.#key, message);
  }
}

/** Reads certificate and key from an MSP folder (`signcerts`, `keystore`). Throws an Error that names the folder. */
export function readSigningIdentity(organization: string, folder: string): SigningIdentity {
  try {
    return new SigningIdentity(organization, onlyFile(join(folder, 'signcerts')), onlyFile(join(folder, 'keystore')));
  } catch (error) {
    throw new Error(`${folder}: ${(error as Error).message}`, { cause: error });
  }
}

function onlyFile(folder: string): string {
  const [name, ...others] = readdirSync(folder);
  if (name === undefined || others.length > 0) throw new Error(`${folder} must hold exactly one file`);
  return readFileSync(join(folder, name), 'utf8');
}
