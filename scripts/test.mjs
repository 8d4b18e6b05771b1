// node scripts/test.mjs [--long] [--only PATTERN]: sets up, checks, tests. PATTERN: test files whose path matches, without
// the checks. The last line says how it went.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bin, run } from './lib/run.mjs';
import { SetupError, setup } from './setup.mjs';

const { values: options } = parseArgs({ options: { long: { type: 'boolean' }, only: { type: 'string' } } });

const CHECKS = {
  lint: ['oxlint', '--type-aware', '--deny-warnings'],
  format: ['prettier', '--check', '--log-level', 'warn', '.'],
  unused: ['knip'],
  // The build checks everything else.
  types: ['tsc', '-p', 'tsconfig.test.json'],
};

const total = { passed: 0, failed: 0, skipped: 0 };

async function check(name, [command, ...args]) {
  const { code, output } = await run(bin(command), args, { quiet: true });
  total[code === 0 ? 'passed' : 'failed'] += 1;
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  if (code !== 0) console.log(output);
}

async function jest() {
  const folder = mkdtempSync(join(tmpdir(), 'myswitch-counts-'));
  const counts = join(folder, 'counts.json');
  const projects = ['unit', 'integration', ...(options.long ? ['long'] : [])];
  const args = ['--selectProjects', ...projects, '--maxWorkers=2', '--ci'];
  if (options.only !== undefined) args.push('--testPathPatterns', options.only);
  try {
    const { code } = await run(bin('jest'), args, { env: { ...process.env, MYSWITCH_TEST_COUNTS: counts } });
    const found = JSON.parse(readFileSync(counts, 'utf8'));
    for (const name of Object.keys(total)) total[name] += found[name];
    if (code !== 0 && found.failed === 0) total.failed += 1; // something was left behind, or nothing was found
  } catch (error) {
    console.error(error.message); // it did not come to an end
    total.failed += 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

try {
  await setup();
  console.log('ok     build');
  total.passed += 1;
  if (options.only === undefined) for (const [name, command] of Object.entries(CHECKS)) await check(name, command);
  await jest();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  total.failed += 1;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
