/** Computes a round again from the bytes that it summed up. */
import {
  type Digest,
  type JoinedKeys,
  type Msp,
  type Outcome,
  quorum,
  type RoundState,
  vectorLayout,
} from '@consilium/domain';
import { Doubt, must } from '../doubt.js';
import { sha256 } from '../wire/sha256.js';
import { firstVersion } from './firstVersion.js';
import { ELEMENT_BYTES } from './integers.js';
import { unmask } from './masks.js';
import { openedSecrets } from './openedSum.js';
import { recomputed } from './roundArithmetic.js';
import type { RoundRecords } from './roundRecords.js';

/** Contents by their SHA-256. */
export type Files = ReadonlyMap<string, Buffer>;

export type Computed = Readonly<{
  outcome: Outcome;
  /** The new version's file; for an evaluation the base. */
  file?: Buffer;
  /** Without masks. */
  sum?: Int32Array;
}>;

/** @throws Doubt that names what is missing, or of another form than the protocol says */
export function computed(records: RoundRecords, state: RoundState, files: Files, channel: string): Computed {
  const { facts, version } = records;
  const { protocol } = version;
  const { study, round, kind, base, protocolHash, shareKeys } = facts.round;
  if (kind === 'initial') {
    const file = firstVersion(protocol);
    const digest = sha256(file).toString('hex') as Digest;
    return { file, outcome: { kind: 'version', digest, sumDigest: null, result: {} } };
  }
  const { survivors, roster } = state;
  if (!base || !survivors || !roster) throw new Doubt('its survivors are not fixed');
  const needed = quorum(protocol);
  must(survivors.length >= needed, `${survivors.length} hospitals survive, and the protocol asks for ${needed}`);
  const vectors = new Map(survivors.map((msp): [Msp, Buffer] => [msp, vectorOf(msp, records, files)]));
  const materials = { protocol, kind, round, vectors, base: fileOf(base.digest, 'the base version', files) };
  if (!shareKeys) return recomputed(materials);
  const opened = openedSecrets(records, state);
  if ('reason' in opened) return { outcome: opened };
  const keys = new Map(roster.map((msp): [Msp, JoinedKeys] => [msp, keysOf(msp, records)]));
  const bound = { channel, study, round, baseDigest: base.digest, protocolHash, keys };
  return recomputed({ ...materials, unmask: (sum) => unmask(sum, bound, opened) });
}

/** A survivor's vector, of the digest and the length that it contributed. */
function vectorOf(msp: Msp, { facts, version }: RoundRecords, files: Files): Buffer {
  const contribution = facts.contributions.get(msp);
  if (!contribution) throw new Doubt(`${msp} survives and has not contributed`);
  const vector = fileOf(contribution.vectorDigest, `the vector of ${msp}`, files);
  const { length } = vectorLayout(version.protocol, facts.round.kind);
  must(
    vector.length === length * ELEMENT_BYTES && contribution.vectorLength === length,
    `the vector of ${msp} has ${vector.length / ELEMENT_BYTES} elements, and ${length} by the protocol`,
  );
  return vector;
}

function keysOf(msp: Msp, { facts }: RoundRecords): JoinedKeys {
  const keys = facts.joins.get(msp)?.keys;
  if (!keys) throw new Doubt(`the join of ${msp} brings no keys`);
  return keys;
}

function fileOf(digest: string, what: string, files: Files): Buffer {
  const found = files.get(digest);
  if (!found) throw new Doubt(`${what}, ${digest}, is missing`);
  return found;
}
