import type { Msp, StudyProtocol, Vote } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { isCarried, takesBack } from './votes.js';

const members = ['AMSP', 'BMSP', 'CMSP', 'DMSP'] as StudyProtocol['members'];
const votes = (...yes: boolean[]) =>
  yes.map((value, k) => ({ subject: 'end', msp: members[k] as Msp, yes: value, reason: '' }) as Vote);

describe('a vote', () => {
  test.each([
    [[], false],
    [[true, true], false],
    [[true, true, false, false], false],
    [[true, false, true, true], true],
    [[true, true, true, true], true],
  ])('of %p among four is carried: %p', (yes, carried) => {
    expect(isCarried({ members }, votes(...yes))).toBe(carried);
  });

  test('is taken back only by a no after a yes', () => {
    const [yes, no] = votes(true, false);
    expect(takesBack({ yes: false }, yes)).toBe(true);
    expect([
      takesBack({ yes: true }, yes),
      takesBack({ yes: false }, no),
      takesBack({ yes: false }, undefined),
    ]).toEqual([false, false, false]);
  });
});
