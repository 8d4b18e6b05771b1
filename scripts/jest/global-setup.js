// Before any test: a temporary folder of this run's own, in which global-teardown.js looks for what was left behind, and
// server software, since a test file has to know which kinds there are before its first test. The long tests also need clients
// and other languages' drivers.
const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

/** @param {import('jest').Config} _global @param {{ displayName?: { name: string } }} project */
module.exports = async (_global, project) => {
  if (process.env.MYSWITCH_TEST_TMP === undefined) {
    const folder = mkdtempSync(path.join(tmpdir(), 'myswitch-tests-'));
    process.env.MYSWITCH_TEST_TMP = folder;
    process.env.TMPDIR = folder;
  }
  if (project.displayName?.name === 'unit') return;
  const { KINDS, RUNTIME_NAMES, missing, missingRuntime, missingTool } = require('../../testkit/src/index.ts');
  for (const kind of KINDS) {
    const reason = await missing(kind, console.log);
    if (reason !== null) process.env[`MYSWITCH_MISSING_${kind.toUpperCase()}`] = reason;
  }
  // what copies a MariaDB server
  const backup = await missingTool('mariadb-backup', console.log);
  if (backup !== null) process.env.MYSWITCH_MISSING_MARIADB_BACKUP = backup;
  if (project.displayName?.name !== 'long') return;
  for (const name of RUNTIME_NAMES) {
    const reason = await missingRuntime(name, console.log);
    if (reason !== null) process.env[`MYSWITCH_MISSING_RUNTIME_${name.toUpperCase()}`] = reason;
  }
};
