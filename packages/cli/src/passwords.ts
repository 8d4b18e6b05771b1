import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCode } from './error-details';
import { CliError } from './errors';
import { ExitCode } from './exit-codes';
import { askSecret, onTerminal } from './terminal';

/** Where a password is found again, as the configuration spells it. */
export type PasswordSource = { readonly env: string } | { readonly file: string };

interface GivenPassword {
  readonly value: string;
  readonly from: PasswordSource;
}

/**
 * A password from `file`, else from the environment variable `env`, else asked for on the terminal.
 * @param what for the question and for the error: "the password of myswitch"
 * @throws CliError MISSING when there is none and no terminal to ask on
 */
export async function givenPassword(
  what: string,
  flag: string,
  file: string | undefined,
  env: string,
): Promise<GivenPassword> {
  if (file !== undefined) return { value: passwordIn(file), from: { file: resolve(file) } };
  const value = process.env[env];
  if (value !== undefined) return { value, from: { env } };
  if (!onTerminal()) {
    throw new CliError('MISSING', ExitCode.USAGE, `${what} is missing: --${flag} FILE, or ${env} in the environment`);
  }
  return { value: await askSecret(`${what}: `), from: { env } };
}

function passwordIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new CliError('USAGE', ExitCode.USAGE, `can't read ${file} (${errorCode(error) ?? 'unknown reason'})`);
  }
}
