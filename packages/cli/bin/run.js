#!/usr/bin/env node
'use strict';

let main;
try {
  ({ main } = require('..'));
} catch (error) {
  if (error.code !== 'MODULE_NOT_FOUND') throw error;
  process.stderr.write(`myswitch is not built (${error.message.split('\n')[0]}): run "npm run build" first\n`);
  process.exit(1);
}
void main();
