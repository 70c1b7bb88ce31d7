/** Version 0: what every hospital computes from the protocol alone. */
import { createCipheriv } from 'node:crypto';
import { type StudyProtocol, sharedTensors } from '@consilium/domain';
import { sha256 } from '../wire/sha256.js';
import { type Tensor, versionFile } from './versionFile.js';

/** Of 24 random bits, as many values as there are. */
const STEPS = 2 ** 24;

export function firstVersion(protocol: StudyProtocol): Buffer {
  const tensors = sharedTensors(protocol).map(({ name, shape, elements, fan, start }): [string, Tensor] => {
    if (!fan) return [name, { dtype: 'F32', shape, values: new Float64Array(elements).fill(start) }];
    const limit = Math.sqrt(6 / (fan.in + fan.out));
    const draws = draw24Bits(['consilium-init', protocol.seed, name], elements);
    return [name, { dtype: 'F32', shape, values: draws.map((k) => ((2 * k + 1 - STEPS) / STEPS) * limit) }];
  });
  return versionFile(new Map(tensors));
}

/** Three bytes each, the first the most significant, of AES-256-CTR under the SHA-256 of the words. */
function draw24Bits(words: readonly (string | number)[], count: number): Float64Array {
  const cipher = createCipheriv('aes-256-ctr', sha256(Buffer.from(words.join('\n'))), Buffer.alloc(16));
  const stream = cipher.update(Buffer.alloc(3 * count));
  return Float64Array.from({ length: count }, (_, k) => stream.readUIntBE(3 * k, 3));
}
