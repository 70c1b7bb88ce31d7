/** Tensors that stay in their hospital, their running mean, and a model put together of them and a version's own. */
import { personalTensors, refusal, type StudyProtocol } from '@consilium/domain';
import type { PersonalTensors, VersionInHand } from '../agent/ports.js';
import { releasedWeights } from './aggregateTraining.js';
import { initialTensor } from './initialWeights.js';
import type { TensorValues } from './models/network.js';
import { readVersion, type VersionContent } from './versionFile.js';

/** Beside each personal tensor, its sum over the versions that this hospital took part in from `averageFrom` on. */
const SUM_PREFIX = 'average/';
const COUNT = 'average/count';

/** A version whose file was read, with this hospital's own tensors: the protocol's start where it has none. */
export type WholeVersion = Readonly<{ content: VersionContent; personal: PersonalTensors }>;

/** @throws ConsiliumError VERSION_FILE_INVALID */
export function wholeVersion(protocol: StudyProtocol, { file, personal }: VersionInHand): WholeVersion {
  const content = readVersion(protocol, file);
  const tensors = personalTensors(protocol);
  if (!personal) {
    const start = tensors.map((tensor) => [tensor.name, initialTensor(protocol.seed, tensor)] as const);
    return { content, personal: new Map(start) };
  }
  for (const { name, elements } of tensors)
    if (personal.get(name)?.length !== elements)
      throw refusal('VERSION_FILE_INVALID', {
        problem: `this hospital's own tensor ${name} has not ${elements} values`,
      });
  return { content, personal };
}

/** All tensors as training goes on from them. */
export function currentValues({ content, personal }: WholeVersion): TensorValues {
  return new Map([...content.weights, ...personal]);
}

/** All tensors as they would be released and used: their means, where there are some. */
export function releasedValues(protocol: StudyProtocol, { content, personal }: WholeVersion): TensorValues {
  const count = personal.get(COUNT)?.[0];
  const own = personalTensors(protocol).map(({ name }) => {
    const sums = personal.get(`${SUM_PREFIX}${name}`);
    return [name, count && sums ? sums.map((sum) => sum / count) : (personal.get(name) as Float32Array)] as const;
  });
  return new Map([...releasedWeights(content), ...own]);
}

/**
 * The personal tensors of the version that a round makes.
 * @param trained all tensors after training
 */
export function nextPersonal(
  protocol: StudyProtocol,
  round: number,
  before: PersonalTensors,
  trained: TensorValues,
): PersonalTensors {
  const names = personalTensors(protocol).map(({ name }) => name);
  const next = new Map(before);
  for (const name of names) next.set(name, trained.get(name) as Float32Array);
  if (names.length === 0 || protocol.averageFrom === undefined || round < protocol.averageFrom) return next;
  for (const name of names) {
    const sums = before.get(`${SUM_PREFIX}${name}`);
    const values = trained.get(name) as Float32Array;
    next.set(
      `${SUM_PREFIX}${name}`,
      values.map((value, i) => value + (sums?.[i] ?? 0)),
    );
  }
  return next.set(COUNT, new Float32Array([(before.get(COUNT)?.[0] ?? 0) + 1]));
}
