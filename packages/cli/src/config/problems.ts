import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';

/** One thing that is wrong with a configuration file. */
export interface ConfigProblem {
  readonly file: string;
  /** 1-based */
  readonly line: number;
  readonly message: string;
}

/** Everything that is wrong with a configuration, in the order of the file's lines. */
export class ConfigError extends CliError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line);
    super('CONFIG', ExitCode.USAGE, sorted.map(describe).join('\n'));
    this.problems = sorted;
  }
}

function describe({ file, line, message }: ConfigProblem): string {
  return `${file}:${line}: ${message}`;
}
