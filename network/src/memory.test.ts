import { describe, expect, test } from '@jest/globals';
import { availableMemoryMiB, MEMORY_MIB_PER_HOSPITAL, requireMemory } from './memory.js';

describe('requireMemory', () => {
  test('refuses more hospitals than memory carries, with both figures', () => {
    const needed = 200 + 20 * MEMORY_MIB_PER_HOSPITAL;
    expect(() => requireMemory(20, 200, needed)).not.toThrow();
    expect(() => requireMemory(20, 200, needed - 1)).toThrow(
      `TOPOLOGY_TOO_LARGE: 20 hospitals need about ${needed} MiB, ${needed - 1} MiB are free`,
    );
  });

  test('finds out how much memory there is', () => {
    expect(availableMemoryMiB()).toBeGreaterThan(0);
  });
});
