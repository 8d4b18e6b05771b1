import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file so that after a crash either the old or the new text is there, and the new one once this resolves. */
export async function writeAtomically(path: string, content: string): Promise<void> {
  const passing = `${path}.new`;
  const file = await open(passing, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(passing, path);
  await syncFolder(dirname(path));
}

/** What was renamed or removed there stays so after a crash, once this resolves. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A pool's or node's name as a file name. */
export const fileName = (name: string): string => encodeURIComponent(name).replaceAll('.', '%2E');
