import { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { errorMessage } from './error-details';
import { CliError } from './errors';
import { ExitCode } from './exit-codes';

/** What every command shares: `--config`, `--json`, and how an error is told. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    config: Flags.string({
      char: 'c',
      summary: 'the configuration file; it also says where the admin port is',
      default: './myswitch.yaml',
      helpValue: 'FILE',
    }),
  };

  override async init(): Promise<void> {
    await super.init();
    // a process that ends before its command did has not succeeded
    process.exitCode = ExitCode.INTERNAL;
  }

  override async finally(error: Error | undefined): Promise<void> {
    if (error === undefined && process.exitCode === ExitCode.INTERNAL) process.exitCode = ExitCode.OK;
  }

  /** Sets the exit code and tells the error: for people on stderr, with `--json` as one object on stdout. */
  override async catch(error: Error): Promise<void> {
    const reported = asCliError(error);
    if (reported === null) throw error;
    process.exitCode = reported.exitCode;
    const { code, message, suggestions } = reported;
    if (this.jsonEnabled()) {
      this.logJson({ error: { code, message, suggestions } });
      return;
    }
    const advice = suggestions.map((suggestion) => `  try: ${suggestion}\n`).join('');
    // several lines begin at the margin, so that editors find file and line
    const told = message.includes('\n') ? `\n${message}` : ` ${message}`;
    process.stderr.write(`myswitch:${told}\n  code: ${code}\n${advice}`);
  }
}

/** `null`: not an error but oclif's way to leave (`--help`). */
function asCliError(error: Error): CliError | null {
  if (error instanceof CliError) return error;
  const exit = 'oclif' in error ? oclifExit(error.oclif) : null;
  if (exit === 0) return null;
  if (exit !== null) return new CliError('USAGE', ExitCode.USAGE, errorMessage(error));
  return new CliError('INTERNAL', ExitCode.INTERNAL, error.stack ?? errorMessage(error));
}

function oclifExit(oclif: unknown): number | null {
  if (typeof oclif !== 'object' || oclif === null || !('exit' in oclif)) return null;
  return typeof oclif.exit === 'number' ? oclif.exit : null;
}
