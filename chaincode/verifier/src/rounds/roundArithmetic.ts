/** What a round makes of its vectors: sum, version and result, computed a second time. */
import {
  type Digest,
  type Msp,
  needsSingleUpdates,
  type Outcome,
  type RoundKind,
  type RoundResult,
  type StudyProtocol,
  statisticsScale,
  updateScale,
  type VectorLayout,
  vectorLayout,
} from '@consilium/domain';
import { must } from '../doubt.js';
import { sha256 } from '../wire/sha256.js';
import { at, figuresOf, told } from './figures.js';
import { addBytes, bytesOf, ELEMENT_BYTES, elementsOf } from './integers.js';
import { nextVersion } from './serverStep.js';
import { combined } from './singleUpdates.js';
import { readVersion, type Tensors, versionFile } from './versionFile.js';

/** Where a feature's declared range is 2 wide: what varies less is divided by 1. */
const DEVIATION_MIN = 2 ** -10;

export type Materials = Readonly<{
  protocol: StudyProtocol;
  kind: Exclude<RoundKind, 'initial'>;
  round: number;
  base: Buffer;
  /** Of the survivors, as they were contributed. */
  vectors: ReadonlyMap<Msp, Buffer>;
  /** Takes the masks off, in place. */
  unmask?(sum: Int32Array): void;
}>;

type Made = Readonly<{ file: Buffer; result: RoundResult }> | 'ZERO_WEIGHT' | 'ONE_CLASS' | 'TOO_FEW_UPDATES';
export type Recomputed = Readonly<{ outcome: Outcome; file?: Buffer; sum: Int32Array }>;

/** @throws Doubt */
export function recomputed(materials: Materials): Recomputed {
  const { protocol, kind, vectors } = materials;
  const layout = vectorLayout(protocol, kind);
  const sum = new Int32Array(layout.length);
  for (const [msp, vector] of vectors) {
    must(vector.length === layout.length * ELEMENT_BYTES, `the vector of ${msp} has ${vector.length} bytes`);
    addBytes(sum, vector);
  }
  materials.unmask?.(sum);
  const sumDigest = digest(bytesOf(sum));
  const made = madeBy(materials, layout, sum);
  if (typeof made === 'string') return { outcome: { kind: 'none', reason: made, sumDigest }, sum };
  const { file, result } = made;
  return { outcome: { kind: 'version', digest: digest(file), sumDigest, result }, file, sum };
}

function madeBy(materials: Materials, layout: VectorLayout, sum: Int32Array): Made {
  const { protocol, kind, base } = materials;
  if (kind === 'evaluation') return { file: base, result: figuresOf(protocol, layout, sum) };
  if (kind === 'statistics') return statisticsOf(materials, layout, sum);
  const combination = updateOf(materials, layout, sum);
  if (typeof combination === 'string') return combination;
  const next = nextVersion(protocol, materials.round, readVersion(base), combination.update);
  return { file: versionFile(next), result: { weight: combination.weight, ...figuresOf(protocol, layout, sum) } };
}

function updateOf({ protocol, vectors }: Materials, { update }: VectorLayout, sum: Int32Array) {
  must(update !== undefined, 'a training round without an update');
  const { start, length } = update.all;
  if (needsSingleUpdates(protocol.aggregation)) {
    const sent = [...vectors].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, vector]) => elementsOf(vector));
    return combined(
      protocol,
      sent.map((elements) => ({
        elements: elements.subarray(start, start + length),
        weight: at(elements, update.weight),
      })),
    );
  }
  const weight = at(sum, update.weight);
  if (weight <= 0) return 'ZERO_WEIGHT';
  const scale = updateScale(protocol);
  return { update: Float64Array.from(sum.subarray(start, start + length), (each) => each / scale / weight), weight };
}

function statisticsOf({ protocol, base }: Materials, { statistics: slices }: VectorLayout, sum: Int32Array): Made {
  must(slices !== undefined, 'a statistics round without statistics');
  const patients = at(sum, slices.patients);
  if (patients <= 0) return 'ZERO_WEIGHT';
  const positives = slices.positives ? at(sum, slices.positives) : null;
  if (positives !== null && (positives <= 0 || positives >= patients)) return 'ONE_CLASS';
  // One class gives the other away.
  const isTold =
    positives !== null && [positives, patients - positives].every((count) => told(protocol, count) !== null);
  const result = { statistics: { patients: told(protocol, patients), positives: isTold ? positives : null } };
  if (!slices.sums || !slices.squares) return { file: base, result };
  const scale = statisticsScale(protocol);
  const [mean, square] = [slices.sums, slices.squares].map(({ start, length }) =>
    Float64Array.from(sum.subarray(start, start + length), (each) => each / scale / patients),
  ) as [Float64Array, Float64Array];
  const deviation = square.map((each, i) => {
    const root = Math.sqrt(Math.max(each - (mean[i] as number) * (mean[i] as number), 0));
    return root < DEVIATION_MIN ? 1 : root;
  });
  return { file: versionFile(withStatistics(readVersion(base), mean, deviation)), result };
}

function withStatistics(base: Tensors, mean: Float64Array, deviation: Float64Array): Tensors {
  const shape = [mean.length];
  return new Map([
    ...base,
    ['statistics/mean', { dtype: 'F64', shape, values: mean }],
    ['statistics/deviation', { dtype: 'F64', shape, values: deviation }],
  ]);
}

function digest(bytes: Buffer): Digest {
  return sha256(bytes).toString('hex') as Digest;
}
