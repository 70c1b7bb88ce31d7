import { createCipheriv, createHash } from 'node:crypto';
import { studyTensors } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { initialTensor, initialVersion } from './initialWeights.js';
import { readSafetensors } from './safetensors.js';
import { smallStudy } from './study.fixture.js';

describe('initial weights', () => {
  test('are the first 24 bits of the keystream, mapped into ±sqrt(6/(in+out))', () => {
    const kernel = studyTensors(smallStudy()).find(({ name }) => name === 'output/kernel');
    if (!kernel) throw new Error('no kernel');
    const key = createHash('sha256').update('consilium-init\n42\noutput/kernel').digest();
    const k = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(6)).readUIntBE(3, 3);
    const limit = Math.sqrt(6 / 3);
    expect(initialTensor(42, kernel)[1]).toBe(Math.fround(((2 * k + 1 - 2 ** 24) / 2 ** 24) * limit));
  });

  test('tensors without a fan hold their start', () => {
    expect([...initialTensor(1, { name: 'a/b', shape: [2], elements: 2, start: 0.5 })]).toEqual([0.5, 0.5]);
  });

  test('version 0 holds the shared tensors alone', () => {
    const file = readSafetensors(initialVersion(smallStudy({ personalTensors: ['output/bias'] })));
    expect([...file.keys()]).toEqual(['output/kernel']);
    expect(Math.abs(file.get('output/kernel')?.values[0] as number)).toBeLessThan(Math.sqrt(2));
  });

  test('version 0 of a seed never changes', () => {
    const digest = createHash('sha256').update(initialVersion(smallStudy())).digest('hex');
    expect(digest).toBe('f1863d460af1650ceac9dd56b8f81764c5775691e4bbefb4442c689a0673cb40');
  });
});
