import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode, errorMessage } from '../error-details';
import { contradictions } from './contradictions';
import { ConfigError, type ConfigProblem } from './problems';
import type { TcpEndpoint } from './scalars';
import type { ConfigFile } from './schema';
import { References, type Environment } from './secrets';
import { ConfigSource } from './source';
import { validate } from './validate';

/** A configuration file of the right shape; what it points at has not been read yet. */
export interface ReadConfig {
  readonly config: ConfigFile;
  readonly source: ConfigSource;
  /** Where its relative paths start. */
  readonly directory: string;
  /** What does not hold together. */
  readonly problems: readonly ConfigProblem[];
}

/** Where the admin port is and how to log in there. */
export interface AdminAccess {
  readonly listen: TcpEndpoint;
  readonly user: string;
  readonly password: string;
}

/**
 * Reads and checks a configuration file. What does not hold together is returned, so that the caller can tell it along
 * with the secrets that can't be read.
 * @param file as the operator wrote it; problems name it in the same spelling
 * @throws ConfigError when the file can't be read or its shape is wrong
 */
export function readConfig(file: string): ReadConfig {
  return parseConfig(file, readText(file));
}

/**
 * Whether a text that is to be written to `file` would be accepted from there. What it points at need not exist yet.
 * @throws ConfigError with everything that is wrong
 */
export function checkConfig(file: string, text: string): void {
  throwIfAny(parseConfig(file, text).problems);
}

function parseConfig(file: string, text: string): ReadConfig {
  const source = new ConfigSource(file, text);
  const syntax = source.syntaxErrors();
  if (syntax.length > 0) throw new ConfigError(syntax.map(({ line, message }) => ({ file, line, message })));
  const validated = validate(source);
  if ('problems' in validated) throw new ConfigError(validated.problems);
  const { config } = validated;
  return { config, source, directory: dirname(resolve(file)), problems: contradictions(config, source) };
}

/**
 * What a client of the admin port needs. Other secrets are not read: whoever may ask for the status need not be allowed
 * to see the passwords of the databases.
 * @throws ConfigError with everything that is wrong
 */
export function loadAdminAccess(file: string, environment: Environment): AdminAccess {
  const read = readConfig(file);
  const references = new References(read.source, read.directory, environment);
  const access = adminAccess(read, references);
  throwIfAny([...read.problems, ...references.problems]);
  return access;
}

/** The admin port's part of the file; complains to `references`. */
export function adminAccess({ config }: ReadConfig, references: References): AdminAccess {
  const { listen, user, password: source } = config.admin;
  const path = ['admin', 'password'];
  const before = references.problems.length;
  const password = references.secret(path, source);
  if (password === '' && references.problems.length === before) references.complain(path, 'is empty');
  return { listen, user, password };
}

export function throwIfAny(problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw new ConfigError(problems);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? 'there is no such file' : errorMessage(error);
    throw new ConfigError([{ file, line: 1, message: `${reason}; name another with --config FILE` }]);
  }
}
