/** Where a model begins: weights that every hospital computes from the protocol alone. */
import { type ModelTensor, type StudyProtocol, sharedTensors } from '@consilium/domain';
import { Keystream } from '../privacy/keystream.js';
import { writeVersion } from './versionFile.js';

/**
 * A tensor's first values. With a fan they are uniform in ±sqrt(6/(in+out)) (Glorot and Bengio, AISTATS 2010):
 * (2k+1-2^24) / 2^24 * limit on doubles, then Float32, k the next 24 bits of the keystream under "consilium-init", the
 * protocol's seed in decimal and the tensor's name. Without one, each is the tensor's start.
 */
export function initialTensor(seed: number, tensor: ModelTensor): Float32Array {
  const values = new Float32Array(tensor.elements).fill(tensor.start);
  if (!tensor.fan) return values;
  const limit = Math.sqrt(6 / (tensor.fan.in + tensor.fan.out));
  const stream = new Keystream('consilium-init', seed, tensor.name);
  for (let i = 0; i < values.length; i++) values[i] = ((2 * stream.next24Bits() + 1 - 2 ** 24) / 2 ** 24) * limit;
  return values;
}

/** The file of version 0: the shared tensors' first values. */
export function initialVersion(protocol: StudyProtocol): Uint8Array {
  const weights = sharedTensors(protocol).map((tensor) => [tensor.name, initialTensor(protocol.seed, tensor)] as const);
  return writeVersion(protocol, { weights: new Map(weights) });
}
