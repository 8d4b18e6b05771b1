// Makes a checkout ready: packages, the build, server software. Does what is missing only, and says so.
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, root, run } from './lib/run.mjs';

export class SetupError extends Error {}

/** A step that is heard of only when it takes over a second, or fails. @param {string} doing @param {() => Promise<void>} step */
async function announced(doing, step) {
  const start = Date.now();
  const late = setTimeout(() => console.log(`${doing} …`), 1000);
  try {
    await step();
  } finally {
    clearTimeout(late);
  }
  const seconds = (Date.now() - start) / 1000;
  if (seconds > 1) console.log(`${doing}: ${seconds.toFixed(1)} s`);
}

/** @param {string} command @param {readonly string[]} args */
async function must(command, args) {
  const { code, output } = await run(command, args, { quiet: true });
  if (code !== 0) throw new SetupError(`${command} ${args.join(' ')} failed (${code})\n${output}`);
}

function packagesAreOld() {
  // npm writes it when it is done
  const installed = join(root, 'node_modules', '.package-lock.json');
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs;
}

/**
 * Installs packages, builds, and finds or fetches servers. Rejects with SetupError when one of the first two fails, or
 * MariaDB can't be had; without MySQL it goes on.
 */
export async function setup() {
  if (packagesAreOld()) {
    await announced('installing packages', () => must('npm', ['ci', '--no-audit', '--no-fund']));
  }
  await announced('building', () => must(bin('tsc'), ['-b']));
  const { missing } = createRequire(import.meta.url)('../testkit/dist/index.js');
  await announced('looking for servers', async () => {
    const mariadb = await missing('mariadb', console.log);
    if (mariadb !== null) throw new SetupError(`no MariaDB: ${mariadb}`);
    const mysql = await missing('mysql', console.log);
    if (mysql !== null) console.log(`no MySQL: ${mysql}`);
  });
}

/** As the first step of a program: ends it with the reason when the set-up fails. */
export async function setupOrExit() {
  try {
    await setup();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setupOrExit();
