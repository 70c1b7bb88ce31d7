// ESM throughout: start with `node --experimental-vm-modules node_modules/jest/bin/jest.js`.
/** @type {Partial<import('jest').Config>} */
const shared = {
  rootDir: '.',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/\\.consilium/'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};

// Runs before each file that may hold property tests.
const seeded = { setupFiles: ['<rootDir>/test/support/propertySeed.ts'] };

/** @type {import('jest').Config} */
export default {
  // A busy machine is slow, not broken: a test says itself where it wants less.
  testTimeout: 60_000,
  projects: [
    {
      ...shared,
      ...seeded,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/{chaincode,gateway,network}/**/src/**/*.test.ts',
        '<rootDir>/network/setup/*.test.ts',
        '<rootDir>/test/{contract,support}/*.test.ts',
      ],
    },
    { ...shared, ...seeded, displayName: 'property', testMatch: ['<rootDir>/test/property/**/*.test.ts'] },
    { ...shared, displayName: 'simulation', testMatch: ['<rootDir>/test/simulation/**/*.test.ts'] },
    // Everything else that crosses rooms starts real processes: two such files at a time, behind everything else.
    {
      ...shared,
      displayName: 'federation',
      testMatch: ['<rootDir>/test/{api,conformance,console,federation,network}/**/*.test.ts'],
    },
  ],
};
