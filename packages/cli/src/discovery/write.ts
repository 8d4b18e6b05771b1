import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { checkConfig } from '../config';
import { errorCode, errorMessage } from '../error-details';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';
import { ask, onTerminal } from '../terminal';

/**
 * Before anything is done: a file that is there is written over only when that was agreed to. Resolves with whether it was.
 */
export async function mayWriteOver(file: string, yes: boolean): Promise<boolean> {
  if (yes || !existsSync(file)) return yes;
  if (!onTerminal()) throw occupied(file);
  if (/^y(es)?$/i.test((await ask(`${file} is there already. Write over it? [y/N] `)).trim())) return true;
  throw new CliError('CANCELLED', ExitCode.REFUSED, `${file} was not changed`);
}

/**
 * Writes a configuration that the loader itself accepts. `over`: a file that is there may go.
 * @throws ConfigError when it would not accept it: then nothing is written
 */
export function writeConfig(file: string, text: string, over: boolean): void {
  checkConfig(file, text);
  try {
    if (!over) {
      writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
      return;
    }
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw occupied(file);
    throw new CliError('WRITE', ExitCode.REFUSED, `can't write ${file}: ${errorMessage(error)}`);
  }
}

const occupied = (file: string): CliError =>
  new CliError('NEEDS_YES', ExitCode.USAGE, `${file} is there already: to write over it takes --yes`, [
    'the same command with --yes, or with another file',
  ]);
