import { readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '../errors';
import { fileName, syncFolder, writeAtomically } from './atomic-file';

const SHOWN = 200;

const pathOf = (stateDir: string, pool: string): string => join(stateDir, `${fileName(pool)}.frozen`);

/** `touch stateDir/POOL.frozen` keeps a pool where it is; what the file says is shown. Null: it may move. */
export async function frozen(stateDir: string, pool: string): Promise<string | null> {
  try {
    return oneLine(await readFile(pathOf(stateDir, pool), 'utf8'));
  } catch {
    return null;
  }
}

export const freeze = (stateDir: string, pool: string, reason: string): Promise<void> =>
  writeAtomically(pathOf(stateDir, pool), `${oneLine(reason)}\n`);

/** Durable when it resolves. */
export async function unfreeze(stateDir: string, pool: string): Promise<void> {
  const path = pathOf(stateDir, pool);
  try {
    await unlink(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  await syncFolder(dirname(path));
}

/** Terminals obey control characters. */
const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, SHOWN);
