import { CliError } from './errors';
import { ExitCode } from './exit-codes';
import { ask } from './terminal';

/** @throws CliError CANCELLED unless the answer is yes */
export async function confirm(question: string): Promise<void> {
  if (/^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim())) return;
  throw new CliError('CANCELLED', ExitCode.REFUSED, 'cancelled: nothing was changed');
}

/** For what can't be undone: the name has to be typed. @throws CliError CANCELLED unless it is */
export async function confirmByName(question: string, name: string): Promise<void> {
  if ((await ask(`${question}\nType its name to go on: `)).trim() === name) return;
  throw new CliError('CANCELLED', ExitCode.REFUSED, 'cancelled: nothing was changed');
}

/** Asks on a terminal; without one `--yes` must have been said. @throws CliError CANCELLED or NEEDS_YES */
export async function confirmOrNeedYes(question: string, yes: boolean, what: string): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw needsYes(what);
  await confirm(question);
}

export function needsYes(what: string): CliError {
  const message = `${what}: without a terminal to ask on, this needs --yes`;
  return new CliError('NEEDS_YES', ExitCode.USAGE, message, ['the same command with --yes']);
}
