// `node -r` this to run the sources without a build: the same transform and names as jest.config.js.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { transformSync } = require('@swc/core');

const root = path.resolve(__dirname, '../../..');
const options = { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } };

require.extensions['.ts'] = (module, filename) => {
  module._compile(transformSync(readFileSync(filename, 'utf8'), { ...options, filename }).code, filename);
};

const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) => {
  const [, name] = /^@myswitch\/(.*)$/.exec(request) ?? [];
  if (name === undefined) return resolve(request, ...rest);
  return path.join(root, name === 'testkit' ? name : `packages/${name}`, 'src/index.ts');
};
