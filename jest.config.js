// ESM throughout: start with `node --experimental-vm-modules node_modules/jest/bin/jest.js`.
/** @type {import('jest').Config} */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
  transform: {
    '\\.ts$': ['@swc/jest', {
      jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true, decoratorMetadata: true }, keepClassNames: true },
      module: { type: 'es6' }, sourceMaps: 'inline',
    }],
  },
};
export default {
  projects: [
    { ...shared, displayName: 'unit', rootDir: '.', testMatch: ['<rootDir>/{chaincode,gateway,network}/**/src/**/*.test.ts', '<rootDir>/network/setup/**/*.test.ts'] },
    { ...shared, displayName: 'property', rootDir: '.', testMatch: ['<rootDir>/test/property/**/*.test.ts'] },
    { ...shared, displayName: 'simulation', rootDir: '.', testMatch: ['<rootDir>/test/simulation/**/*.test.ts'] },
    { ...shared, displayName: 'federation', rootDir: '.', testMatch: ['<rootDir>/test/{federation,network,api}/**/*.test.ts'] },
  ],
};
