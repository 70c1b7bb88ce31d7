import type { Identity } from '../membership/identity.js';
import type { Membership } from '../membership/membership.js';
import { type Policy, SignaturePolicy } from '../membership/policy.js';
import { ValidationCode } from '../wire/proto.js';
import type { TransactionAction } from '../wire/transaction.js';
import type { Definitions } from './definitions.js';
import { type Metadata, VALIDATION_PARAMETER } from './metadata.js';
import { type NamespaceReadWrites, writesAnything } from './readWriteSet.js';

/** Reads the metadata of a key as it was before the block; private keys by hex hash. */
export type MetadataReader = (namespace: string, collection: string | undefined, key: string) => Metadata | undefined;

/**
 * Whether those who endorsed a transaction were enough for everything that it writes: a key's own policy where it has
 * one, else its collection's, else its chaincode's. A transaction that writes nothing needs its chaincode's policy.
 *
 * `changed` names the keys whose own policy a preceding transaction of the block changes; whoever writes those was
 * endorsed under a policy that is about to be another, and fails.
 */
export function checkEndorsements(
  action: TransactionAction,
  membership: Membership,
  definitions: Definitions,
  metadata: MetadataReader,
  changed: ReadonlySet<string>,
): ValidationCode {
  const signers = membership.signers(
    action.endorsements.map(({ endorser, signature }) => ({
      message: Buffer.concat([action.responsePayloadBytes, endorser]),
      identity: endorser,
      signature,
    })),
  );
  const written = action.namespaces.filter(writesAnything);
  const names = new Set([action.chaincode, ...written.map((each) => each.namespace)]);
  for (const name of names) {
    const policy = definitions.policyOf(name);
    if (!policy) return ValidationCode.INVALID_CHAINCODE;
    const check = new NamespaceCheck(policy, definitions, metadata, changed, signers);
    const namespace = action.namespaces.find((each) => each.namespace === name);
    if (!check.holds(namespace)) return ValidationCode.ENDORSEMENT_POLICY_FAILURE;
  }
  return ValidationCode.VALID;
}

/** Names a key among those whose policy has changed. */
export function keyIdentity(namespace: string, collection: string | undefined, key: string): string {
  return JSON.stringify([namespace, collection ?? null, key]);
}

class NamespaceCheck {
  readonly #policy: Policy;
  readonly #definitions: Definitions;
  readonly #metadata: MetadataReader;
  readonly #changed: ReadonlySet<string>;
  readonly #signers: readonly Identity[];
  /** Policies that were found to hold; the chaincode's is `''`. */
  readonly #held = new Set<string>();
  #hasChecked = false;

  constructor(
    policy: Policy,
    definitions: Definitions,
    metadata: MetadataReader,
    changed: ReadonlySet<string>,
    signers: readonly Identity[],
  ) {
    this.#policy = policy;
    this.#definitions = definitions;
    this.#metadata = metadata;
    this.#changed = changed;
    this.#signers = signers;
  }

  holds(namespace: NamespaceReadWrites | undefined): boolean {
    for (const { key } of [...(namespace?.writes ?? []), ...(namespace?.metadataWrites ?? [])]) {
      if (!this.#holdsForKey(namespace!.namespace, undefined, key)) return false;
    }
    for (const { collection, writes, metadataWrites } of namespace?.collections ?? []) {
      for (const { key } of [...writes, ...metadataWrites]) {
        if (!this.#holdsForKey(namespace!.namespace, collection, key)) return false;
      }
    }
    return this.#hasChecked || this.#holdsOnce('', this.#policy);
  }

  #holdsForKey(namespace: string, collection: string | undefined, key: string): boolean {
    if (this.#changed.has(keyIdentity(namespace, collection, key))) return false;
    const own = this.#metadata(namespace, collection, key)?.get(VALIDATION_PARAMETER);
    if (own && own.length > 0) {
      this.#hasChecked = true;
      return holdsUnder(own, this.#signers);
    }
    if (collection === undefined) return this.#holdsOnce('', this.#policy);
    const policy = this.#definitions.collectionPolicy(namespace, collection);
    return policy !== undefined && this.#holdsOnce(collection, policy);
  }

  #holdsOnce(name: string, policy: Policy): boolean {
    if (this.#held.has(name)) return true;
    if (policy.refusal(this.#signers) !== undefined) return false;
    this.#held.add(name);
    this.#hasChecked = true;
    return true;
  }
}

/** A key whose stored policy cannot be read can no longer be written by anybody. */
function holdsUnder(policy: Uint8Array, signers: readonly Identity[]): boolean {
  try {
    return SignaturePolicy.read(policy).refusal(signers) === undefined;
  } catch {
    return false;
  }
}
