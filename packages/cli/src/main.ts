import { resolve } from 'node:path';
import { handle } from '@oclif/core/handle';
import { run } from '@oclif/core/run';
import { settings } from '@oclif/core/settings';

/** The command line. Sets the exit code of the process; commands report their own errors. */
export async function main(): Promise<void> {
  // what runs is what was built, whatever NODE_ENV says
  settings.enableAutoTranspile = false;
  try {
    await run(process.argv.slice(2), { root: resolve(__dirname, '..') });
  } catch (error) {
    await handle(error instanceof Error ? error : new Error(String(error)));
  }
}
