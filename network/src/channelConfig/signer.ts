import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { signers } from '@hyperledger/fabric-gateway';
import { common, msp as mspMessages } from '@hyperledger/fabric-protos';
import type { IdentityFiles } from '../pki/storedIdentity.js';

const NONCE_BYTES = 24;

/** One person's signature under messages that Fabric's client library does not make. */
export class Signer {
  readonly #creator: Uint8Array;
  readonly #sign: (digest: Uint8Array) => Promise<Uint8Array>;

  constructor(msp: string, person: IdentityFiles) {
    const identity = new mspMessages.SerializedIdentity();
    identity.setMspid(msp);
    identity.setIdBytes(readFileSync(person.certificate));
    this.#creator = identity.serializeBinary();
    const signer = signers.newPrivateKeySigner(createPrivateKey(readFileSync(person.key)));
    this.#sign = async (digest) => signer(digest);
  }

  /** A fresh header that names this person. */
  header(): Uint8Array {
    const header = new common.SignatureHeader();
    header.setCreator(this.#creator);
    header.setNonce(randomBytes(NONCE_BYTES));
    return header.serializeBinary();
  }

  /** ECDSA over SHA-256, with low S. */
  async sign(message: Uint8Array): Promise<Uint8Array> {
    return this.#sign(createHash('sha256').update(message).digest());
  }
}
