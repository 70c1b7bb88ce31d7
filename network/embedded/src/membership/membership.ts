import { IDENTITIES_REMEMBERED_MAX, IDENTITY_BYTES_MAX, SIGNATURES_REMEMBERED_MAX } from '../limits.js';
import { sha256 } from '../wire/bytes.js';
import { Memo } from '../wire/memo.js';
import { decode, msp } from '../wire/proto.js';
import { verifyLowS } from '../wire/signature.js';
import type { Identity } from './identity.js';
import type { Msp } from './msp.js';

/** Bytes, who claims to have signed them, and the signature. */
export interface SignedBytes {
  readonly message: Uint8Array;
  /** Serialised identity of the signer. */
  readonly identity: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The members of the channel. Certificate chains and signatures are pure functions of bytes, so one check serves every
 * hospital's peer; what each peer makes of it is its own.
 */
export class Membership {
  readonly #providers: Map<string, Msp>;
  readonly #identities = new Memo<{ identity: Identity | undefined }>(IDENTITIES_REMEMBERED_MAX);
  readonly #signatures = new Memo<boolean>(SIGNATURES_REMEMBERED_MAX);

  constructor(providers: readonly Msp[]) {
    this.#providers = new Map(providers.map((each) => [each.id, each]));
  }

  /** Ids of the member organisations, in the order of the topology. */
  get organizations(): string[] {
    return [...this.#providers.keys()];
  }

  /** The provider of an organisation; undefined where it is no member of the channel. */
  provider(id: string): Msp | undefined {
    return this.#providers.get(id);
  }

  /** Replaces the provider of a member organisation: from now on its members are those of the new one. */
  replace(provider: Msp): void {
    this.#providers.set(provider.id, provider);
    this.#identities.clear();
  }

  /** The same membership as it is now, whatever becomes of this one. */
  copy(): Membership {
    return new Membership([...this.#providers.values()]);
  }

  /** Who a serialised identity is; undefined where no member organisation vouches for it. */
  identify(serialized: Uint8Array): Identity | undefined {
    if (serialized.length > IDENTITY_BYTES_MAX) return undefined;
    const question = Buffer.from(serialized).toString('latin1');
    return this.#identities.of(question, () => {
      const claim = decode(msp.SerializedIdentity, serialized);
      return { identity: claim && this.#providers.get(claim.getMspid())?.accept(claim.getIdBytes_asU8()) };
    }).identity;
  }

  /** Whether `identity` signed these bytes. */
  verify(identity: Identity, message: Uint8Array, signature: Uint8Array): boolean {
    const question = `${identity.id} ${sha256(message).toString('base64')} ${Buffer.from(signature).toString('base64')}`;
    return this.#signatures.of(question, () => verifyLowS(identity.publicKey, message, signature));
  }

  /**
   * The valid members among those who signed, each once. A signer that no organisation vouches for, a signature that
   * does not hold and a second signature of the same member are left out, as Fabric leaves them out.
   */
  signers(signed: readonly SignedBytes[]): Identity[] {
    const found = new Map<string, Identity>();
    for (const each of signed) {
      const identity = this.identify(each.identity);
      if (!identity || found.has(identity.msp + identity.id)) continue;
      if (this.verify(identity, each.message, each.signature)) found.set(identity.msp + identity.id, identity);
    }
    return [...found.values()];
  }

  /** Whether these bytes were signed by a valid member of any organisation (policies Readers and Writers). */
  isSignedByMember(signed: SignedBytes): boolean {
    return this.signers([signed]).some((identity) => identity.role !== undefined);
  }
}
