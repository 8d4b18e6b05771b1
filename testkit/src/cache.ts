import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** `$MYSWITCH_CACHE`, else myswitch in the XDG cache folder. */
export function cacheFolder(): string {
  const own = process.env['MYSWITCH_CACHE'];
  if (own !== undefined && own !== '') return own;
  const xdg = process.env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.cache'), 'myswitch');
}

/**
 * A folder of the cache, made when it is not there. `make` fills a work folder and returns the part of it to keep, which
 * is then renamed: the folder appears whole or not at all, so two runs at once and an interrupted one do no harm.
 */
export async function cached(path: string, make: (work: string) => Promise<string>): Promise<string> {
  const target = join(cacheFolder(), path);
  if (existsSync(target)) return target;
  const parent = dirname(target);
  mkdirSync(parent, { recursive: true });
  removeOrphans(parent);
  const work = mkdtempSync(join(parent, `.work-${process.pid}-`));
  try {
    const made = await make(work);
    try {
      renameSync(made, target);
    } catch (error) {
      if (!existsSync(target)) throw error; // another run was faster: what it made is as good
    }
    return target;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Work folders of processes that were killed. */
function removeOrphans(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^\.work-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // another run removes it too, or its apt has not ended yet: the next run will
    }
  }
}
