// Tests run from the sources: no build is needed, except that tests of the command line start packages/cli/dist.
const path = require('node:path');

const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' }],
  },
  moduleNameMapper: {
    '^@myswitch/testkit$': '<rootDir>/testkit/src/index.ts',
    '^@myswitch/(.*)$': '<rootDir>/packages/$1/src/index.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
  globalSetup: path.join(__dirname, 'scripts/jest/global-setup.js'),
  globalTeardown: path.join(__dirname, 'scripts/jest/global-teardown.js'),
};

const withServers = { ...shared, setupFilesAfterEnv: ['<rootDir>/tests/src/support/setup.ts'] };

module.exports = {
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{packages/*,testkit}/test/**/*.test.ts'] },
    { ...withServers, displayName: 'integration', testMatch: ['<rootDir>/tests/src/**/*.test.ts'] },
    { ...withServers, displayName: 'long', testMatch: ['<rootDir>/tests/src/**/*.long.ts'] },
  ],
  reporters: ['default', '<rootDir>/scripts/jest/count-reporter.js'],
};
