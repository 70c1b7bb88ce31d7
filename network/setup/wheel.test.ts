import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { depsPathOf, missingForWheel } from './wheel.mjs';

describe('what is taken out of the wheel', () => {
  test.each([
    ['tensorflow/libtensorflow_cc.so.2', 'lib/libtensorflow_cc.so.2'],
    ['tensorflow/libtensorflow_framework.so.2', 'lib/libtensorflow_framework.so.2'],
    ['tensorflow/include/tensorflow/c/c_api.h', 'include/tensorflow/c/c_api.h'],
    ['tensorflow/include/tensorflow/c/eager/c_api.h', 'include/tensorflow/c/eager/c_api.h'],
    ['tensorflow/include/tensorflow/tsl/c/tsl_status.h', 'include/tensorflow/tsl/c/tsl_status.h'],
    ['tensorflow/include/tensorflow/core/platform/ctstring.h', 'include/tensorflow/core/platform/ctstring.h'],
    [
      'tensorflow/include/tensorflow/tsl/platform/ctstring_internal.h',
      'include/tensorflow/tsl/platform/ctstring_internal.h',
    ],
  ])('%s', (path, expected) => {
    expect(depsPathOf(path)).toBe(expected);
  });

  test.each([
    'tensorflow/python/_pywrap_tensorflow_internal.so',
    'tensorflow/libtensorflow_cc.so.2.bak',
    'tensorflow/include/tensorflow/core/platform/env.h',
    'tensorflow/include/tensorflow/cc/ops/standard_ops.h',
    'tensorflow/include/eigen/Eigen/Core',
    'elsewhere/tensorflow/libtensorflow_cc.so.2',
    'tensorflow_cpu-2.13.1.dist-info/RECORD',
  ])('not %s', (path) => {
    expect(depsPathOf(path)).toBeUndefined();
  });
});

describe('what the machine lacks to build the engine itself', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'consilium-path-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const machine = () => ({ platform: 'linux', arch: 'x64', isGlibc: true, environment: { PATH: folder } });
  const provide = (program: string) => {
    writeFileSync(join(folder, program), '');
    chmodSync(join(folder, program), 0o755);
  };

  test('Python and a compiler are asked for by name', () => {
    expect(missingForWheel(machine())).toEqual(['python3', 'g++']);
    provide('python3');
    expect(missingForWheel(machine())).toEqual(['g++']);
    provide('g++');
    expect(missingForWheel(machine())).toEqual([]);
  });

  test.each([{ platform: 'darwin' }, { arch: 'arm64' }, { isGlibc: false }])('not tried with %j', (differing) => {
    expect(missingForWheel({ ...machine(), ...differing })).toEqual(['Linux on x64 with glibc']);
  });
});
