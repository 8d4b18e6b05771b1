import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Everything that this process starts, in one temporary folder:
 *
 *     myswitch-XXXXXX/
 *       pids/4711        a process that has to end with us
 *       db1-…/           a server's files
 *
 * A shell in a session of its own waits for our end of a pipe to close, as it does even when we are killed, and then ends
 * those processes and removes the folder.
 */
interface RunFolder {
  readonly path: string;
  readonly watchdog: ChildProcess;
}

const WATCHDOG = `
while read -r line; do :; done
for file in "$1"/pids/*; do kill -KILL "\${file##*/}" 2>/dev/null; done
sleep 0.2
rm -rf "$1"`;

let current: RunFolder | null = null;

function runFolder(): RunFolder {
  if (current !== null) return current;
  const path = mkdtempSync(join(tmpdir(), 'myswitch-'));
  mkdirSync(join(path, 'pids'));
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'myswitch-watchdog', path], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  watchdog.unref();
  // It would keep us alive. Its type hides that a pipe to a child is a socket.
  if (watchdog.stdin instanceof Socket) watchdog.stdin.unref();
  current = { path, watchdog };
  return current;
}

/** A new folder that is removed with everything else. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(runFolder().path, `${name}-`));
}

/** The process ends with us, however we end. */
export function tie(pid: number): void {
  writeFileSync(join(runFolder().path, 'pids', String(pid)), '');
}

/** The process has ended: its number may soon be another's. */
export function untie(pid: number): void {
  if (current !== null) rmSync(join(current.path, 'pids', String(pid)), { force: true });
}

/** Ends what is left at once, without manners, and removes the folder. Nothing is left when it returns. */
export async function removeRunFolder(): Promise<void> {
  if (current === null) return;
  const { path, watchdog } = current;
  current = null;
  for (const pid of readdirSync(join(path, 'pids')).map(Number)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ended already
    }
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const ended = new Promise((resolve) => watchdog.once('exit', resolve));
  watchdog.ref();
  if (watchdog.exitCode === null && watchdog.signalCode === null) {
    watchdog.stdin?.end();
    await ended;
  }
  if (existsSync(path)) rmSync(path, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
