import { resolve } from 'node:path';
import { handle } from '@oclif/core/handle';
import { run } from '@oclif/core/run';
import { settings } from '@oclif/core/settings';
import { nearest } from './config/suggest';
import { errorMessage } from './error-details';
import { ExitCode } from './exit-codes';

/** Of words that are no command's name: what oclif rejects with. */
const NOT_FOUND = /^command (.+) not found$/;

/** The command line. Sets the exit code of the process; commands report their own errors. */
export async function main(): Promise<void> {
  // what runs is what was built, whatever NODE_ENV says
  settings.enableAutoTranspile = false;
  try {
    await run(process.argv.slice(2), { root: resolve(__dirname, '..') });
  } catch (error) {
    const [, words] = NOT_FOUND.exec(errorMessage(error)) ?? [];
    if (words === undefined) await handle(error instanceof Error ? error : new Error(String(error)));
    else await tellUnknown(words);
  }
}

async function tellUnknown(words: string): Promise<void> {
  // they are many, and of no use to those that are known
  const { COMMANDS } = await import('./commands/index.js');
  const names = Object.keys(COMMANDS);
  // all words up to the first flag: a command of two, or one with its argument
  const [first = ''] = words.split(':');
  const meant = nearest(words, names) ?? nearest(first, names);
  const told = (name: string): string => name.replaceAll(':', ' ');
  const advice = meant === null ? 'myswitch --help' : `myswitch ${told(meant)}`;
  process.stderr.write(`myswitch: there is no command "${told(words)}"\n  code: USAGE\n  try: ${advice}\n`);
  process.exitCode = ExitCode.USAGE;
}
