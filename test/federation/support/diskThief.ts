/** Somebody who took a whole disk: every piece of it that could be a secret is tried on everything that was ever sealed or masked. */
import { createHash } from 'node:crypto';
import { sha256Hex } from '@consilium/domain';
import { x25519PublicKey } from '../../../gateway/src/privacy/x25519Keys.js';

const SECRET_BYTES = 32;

/** What the channel says of a private round, as far as a secret can be told by it. */
export type RoundTaken = Readonly<{
  round: number;
  opened: Readonly<{ shareKeys?: readonly Readonly<{ msp: string; hash: string }>[] | undefined }>;
  joins: Readonly<Record<string, Readonly<{ keys?: Readonly<{ selfMaskHash: string; maskKey: string }> | undefined }>>>;
}>;

export class DiskThief {
  /** SHA-256 of each possible secret, in base64, and the public half that it has as a key. */
  readonly #hashes = new Set<string>();
  readonly #publicKeys = new Set<string>();

  /** @param files their bytes, the database and its log among them */
  constructor(files: readonly Buffer[]) {
    const candidates = new Map<string, Buffer>();
    for (const file of files)
      for (const candidate of candidatesIn(file)) candidates.set(candidate.toString('latin1'), candidate);
    for (const candidate of candidates.values()) {
      this.#hashes.add(createHash('sha256').update(candidate).digest('base64'));
      this.#publicKeys.add(Buffer.from(x25519PublicKey(candidate)).toString('base64'));
    }
  }

  /** The self masks, mask keys and boxes of rounds that something on the disk opens. */
  opens(rounds: readonly RoundTaken[]): string[] {
    const pinnedHashes = new Set<string>([...this.#publicKeys].map((key) => sha256Hex(key)));
    return rounds.flatMap(({ round, opened, joins }) => [
      ...Object.entries(joins).flatMap(([msp, { keys }]) => [
        ...(keys && this.#hashes.has(keys.selfMaskHash) ? [`the self mask of ${msp} in round ${round}`] : []),
        ...(keys && this.#publicKeys.has(keys.maskKey) ? [`the mask key of ${msp} in round ${round}`] : []),
      ]),
      ...(opened.shareKeys ?? []).flatMap(({ msp, hash }) =>
        pinnedHashes.has(hash) ? [`the boxes for ${msp} in round ${round}`] : [],
      ),
    ]);
  }
}

/** Files of a secret's length, and whatever text in a file stands for as many bytes: base64 or hexadecimal. */
function candidatesIn(file: Buffer): Buffer[] {
  const text = file.toString('latin1');
  return [
    ...(file.length === SECRET_BYTES ? [file] : []),
    ...[...text.matchAll(/(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/g)].map(([found]) => Buffer.from(found, 'base64')),
    ...[...text.matchAll(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g)].map(([found]) => Buffer.from(found, 'hex')),
  ];
}
