import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A program of a package in node_modules. @param {string} name */
export const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Ctrl-C reaches a child of ours too, and it may want to tidy up: we end after it. */
const interrupted = () => {};

/**
 * Runs a program to its end. `quiet` keeps its output for the case that it fails.
 * @param {string} command @param {readonly string[]} args @param {{ env?: NodeJS.ProcessEnv, quiet?: boolean }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, { env = process.env, quiet = false } = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', ...Array(2).fill(quiet ? 'pipe' : 'inherit')],
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  // A plain SIGTERM is passed on.
  const terminated = () => child.kill('SIGTERM');
  process.on('SIGINT', interrupted).on('SIGTERM', terminated);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('SIGINT', interrupted).off('SIGTERM', terminated);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** Runs a compiled program of this checkout with the terminal's own input. @param {string} file @param {readonly string[]} args */
export async function runScript(file, args) {
  const { code } = await run(process.execPath, [join(root, file), ...args]);
  return code;
}
