import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { CrashOrder } from './crashing-child';

/** Resolves when it was killed; throws with what it said when it ended otherwise. */
export async function crash(order: CrashOrder): Promise<void> {
  const child = spawn(
    process.execPath,
    ['-r', join(__dirname, 'ts-sources.cjs'), join(__dirname, 'crashing-child.ts'), JSON.stringify(order)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const signal = await new Promise<string | null>((resolve) => child.once('close', (_code, reason) => resolve(reason)));
  if (signal !== 'SIGKILL') throw new Error(`the child was not killed: ${said}`);
}
