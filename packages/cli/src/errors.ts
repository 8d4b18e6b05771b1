import type { ExitCode } from './exit-codes';

/**
 * Base of everything the command line reports on purpose. `code` is for scripts, `exitCode` follows the contract, and
 * `suggestions` say what to do next.
 */
export class CliError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly suggestions: readonly string[];

  constructor(code: string, exitCode: ExitCode, message: string, suggestions: readonly string[] = []) {
    super(message);
    this.name = 'CliError';
    this.code = code;
    this.exitCode = exitCode;
    this.suggestions = suggestions;
  }
}
