import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCode } from '../error-details';
import type { ConfigProblem } from './problems';
import type { SecretSource } from './scalars';
import type { ConfigPath, ConfigSource } from './source';
import { spell } from './validate';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads what the configuration only points at: environment variables and files. Collects what can't be read. */
export class References {
  readonly problems: ConfigProblem[] = [];
  readonly #source: ConfigSource;
  readonly #directory: string;
  readonly #environment: Environment;

  constructor(source: ConfigSource, directory: string, environment: Environment) {
    this.#source = source;
    this.#directory = directory;
    this.#environment = environment;
  }

  /** The secret itself; a file's one trailing line break does not belong to it. */
  secret(path: ConfigPath, secret: SecretSource): string {
    if (secret.kind === 'plain') return secret.value;
    if (secret.kind === 'file') return this.file(path, secret.path).replace(/\r?\n$/, '');
    const value = this.#environment[secret.name];
    if (value === undefined) this.complain(path, `the environment variable ${secret.name} is not set`);
    return value ?? '';
  }

  /** The text of a file whose path starts at the configuration file. */
  file(path: ConfigPath, file: string): string {
    const absolute = resolve(this.#directory, file);
    try {
      return readFileSync(absolute, 'utf8');
    } catch (error) {
      const code = errorCode(error);
      this.complain(path, `can't read ${absolute}${code === null ? '' : ` (${code})`}`);
      return '';
    }
  }

  /** Adds a problem at `path`. */
  complain(path: ConfigPath, message: string): void {
    this.problems.push({
      file: this.#source.file,
      line: this.#source.lineOf(path),
      message: `${spell(path)}: ${message}`,
    });
  }
}
