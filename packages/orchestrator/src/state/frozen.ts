import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileName } from './atomic-file';

/** `touch stateDir/POOL.frozen` keeps a pool where it is; what the file says is shown. Null: it may move. */
export async function frozen(stateDir: string, pool: string): Promise<string | null> {
  try {
    return (await readFile(join(stateDir, `${fileName(pool)}.frozen`), 'utf8')).trim().slice(0, 200);
  } catch {
    return null;
  }
}
