import { describe, expect, test } from '@jest/globals';
import { closingLine, countsOf, jestArguments, parseTestArguments } from './test.mjs';

describe('the arguments of the test verb', () => {
  test.each([
    [['--only', 'unit'], { only: ['unit'], seeds: undefined, rest: [] }],
    [['--only=unit,property', 'merkle'], { only: ['unit', 'property'], seeds: undefined, rest: ['merkle'] }],
    [['--seeds', '5', '-t', 'one name'], { only: [], seeds: '5', rest: ['-t', 'one name'] }],
    [[], { only: [], seeds: undefined, rest: [] }],
  ])('%j', (args, expected) => {
    expect(parseTestArguments(args)).toEqual(expected);
  });
});

test("the user's options and patterns reach jest as they are, behind the list of projects", () => {
  const args = jestArguments(['unit', 'property'], ['--runInBand', '-t', 'one name', 'merkle'], '/r.json');
  const projects = args.indexOf('--selectProjects');
  expect(args.slice(projects)).toEqual(
    ['--selectProjects', 'unit', 'property', '--passWithNoTests', '--json', '--outputFile=/r.json'].concat([
      '--runInBand',
      '-t',
      'one name',
      'merkle',
    ]),
  );
});

describe('the numbers at the end', () => {
  const jestResult = {
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    numRuntimeErrorTestSuites: 1,
  };

  test('count a file that could not be loaded as a failure', () => {
    expect(countsOf(jestResult)).toEqual({ passed: 5, failed: 2, skipped: 3 });
  });

  test('name skipped tests only if there are any', () => {
    expect(closingLine({ passed: 5, failed: 2, skipped: 3 })).toBe('5 passed, 2 failed, 3 skipped');
    expect(closingLine({ passed: 5, failed: 0, skipped: 0 })).toBe('5 passed, 0 failed');
  });
});
