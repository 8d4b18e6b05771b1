import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OrchestratorError, systemCode } from '../errors';
import { fileName } from './atomic-file';

interface Holder {
  readonly pid: number;
  /** The process' start as the kernel counts it; null where there is no /proc. Tells a re-used pid from the holder. */
  readonly start: string | null;
}

/** Field 22 of /proc/PID/stat: proc_pid_stat(5). */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

async function holderOf(path: string): Promise<Holder | null> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8')) as Holder;
    return Number.isInteger(holder.pid) ? holder : null;
  } catch {
    return null;
  }
}

async function alive(holder: Holder): Promise<boolean> {
  return runs(holder.pid) && (holder.start === null || (await startOf(holder.pid)) === holder.start);
}

/** One MySwitch a pool on this machine. A lock whose process is gone is taken over. */
export class LockFile {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Rejects with STATE_DIR_IN_USE, naming the process. */
  static async take(stateDir: string, pool: string): Promise<LockFile> {
    const path = join(stateDir, `${fileName(pool)}.lock`);
    const mine = `${path}.${process.pid}`;
    const self: Holder = { pid: process.pid, start: await startOf(process.pid) };
    await writeFile(mine, JSON.stringify(self), { mode: 0o600 });
    try {
      for (let attempt = 0; attempt < 2; attempt += 1) {
        try {
          // a link appears with its content or not at all
          await link(mine, path);
          return new LockFile(path);
        } catch (error) {
          if (systemCode(error) !== 'EEXIST') {
            throw error;
          }
        }
        const holder = await holderOf(path);
        if (holder !== null && (await alive(holder))) {
          throw new OrchestratorError(
            'STATE_DIR_IN_USE',
            `process ${holder.pid} already serves pool ${pool} from ${stateDir}`,
          );
        }
        await unlink(path).catch(() => undefined);
      }
      throw new OrchestratorError('STATE_DIR_IN_USE', `another process takes ${path} at this moment`);
    } finally {
      await unlink(mine).catch(() => undefined);
    }
  }

  async release(): Promise<void> {
    await unlink(this.#path).catch(() => undefined);
  }
}
