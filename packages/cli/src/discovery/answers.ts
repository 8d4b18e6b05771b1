import type { AccountNames, Address } from '@myswitch/orchestrator';
import { tcpEndpoint } from '../config';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';
import { givenPassword, type PasswordSource } from '../passwords';
import { ask, onTerminal } from '../terminal';
import { Env } from './environment';

interface Secret {
  readonly password: string;
  readonly from: PasswordSource;
}

interface Account extends Secret {
  readonly user: string;
}

/** What can't be found out by asking servers. */
export interface Names {
  readonly server: Address;
  readonly pool: string;
  readonly listen: string;
  readonly accounts: AccountNames;
}

export interface Answers extends Omit<Names, 'accounts'> {
  readonly control: Account;
  readonly replication: Account;
  readonly admin: Secret;
}

interface GivenFlags {
  readonly pool: string;
  readonly listen?: string | undefined;
  readonly 'control-user'?: string | undefined;
  readonly 'control-password-file'?: string | undefined;
  readonly 'replication-user'?: string | undefined;
  readonly 'replication-password-file'?: string | undefined;
  readonly 'admin-password-file'?: string | undefined;
}

/** From flags and the environment; the rest is asked for. @throws CliError MISSING naming all that is missing when nobody can be asked */
export async function collectNames(server: string | undefined, flags: GivenFlags): Promise<Names> {
  if (!onTerminal()) requireAll(server, flags);
  const address = await answer(server, 'Any server of the replication tree (HOST:PORT)', null);
  const endpoint = tcpEndpoint(address);
  if (endpoint === null) {
    throw new CliError('USAGE', ExitCode.USAGE, `"${address}" is not an address such as db1.example.com:3306`);
  }
  const listen = await answer(flags.listen, 'Where applications will connect', '127.0.0.1:3307');
  const accounts = {
    control: await answer(flags['control-user'], 'Account that monitors and switches', 'myswitch'),
    replication: await answer(flags['replication-user'], 'Account that replicas log in with', 'repl'),
  };
  return { server: endpoint, pool: flags.pool, listen, accounts };
}

/** After it was told which accounts there have to be. */
export async function collectPasswords({ accounts, ...names }: Names, flags: GivenFlags): Promise<Answers> {
  const { control, replication } = accounts;
  return {
    ...names,
    control: {
      user: control,
      ...(await secret(`password of ${control}`, 'control-password-file', flags, Env.CONTROL)),
    },
    replication: {
      user: replication,
      ...(await secret(`password of ${replication}`, 'replication-password-file', flags, Env.REPLICATION)),
    },
    admin: await secret('password of the admin port', 'admin-password-file', flags, Env.ADMIN),
  };
}

type PasswordFlag = 'control-password-file' | 'replication-password-file' | 'admin-password-file';

const PASSWORDS: readonly (readonly [PasswordFlag, string])[] = [
  ['control-password-file', Env.CONTROL],
  ['replication-password-file', Env.REPLICATION],
  ['admin-password-file', Env.ADMIN],
];

function requireAll(server: string | undefined, flags: GivenFlags): void {
  const missing = [
    ...(server === undefined ? ['HOST:PORT'] : []),
    ...(flags.listen === undefined ? ['--listen'] : []),
    ...PASSWORDS.filter(([flag, env]) => flags[flag] === undefined && process.env[env] === undefined).map(
      ([flag, env]) => `--${flag} (or ${env})`,
    ),
  ];
  if (missing.length === 0) return;
  throw new CliError('MISSING', ExitCode.USAGE, `without a terminal to ask on, this needs ${missing.join(', ')}`);
}

/** `standard` null: there is none, and the question is asked until it is answered. */
async function answer(given: string | undefined, question: string, standard: string | null): Promise<string> {
  if (given !== undefined) return given;
  if (!onTerminal() && standard !== null) return standard;
  for (;;) {
    const typed = (await ask(`${question}${standard === null ? '' : ` [${standard}]`}: `)).trim();
    if (typed !== '') return typed;
    if (standard !== null) return standard;
  }
}

async function secret(what: string, flag: PasswordFlag, flags: GivenFlags, env: string): Promise<Secret> {
  const { value, from } = await givenPassword(`the ${what}`, flag, flags[flag], env);
  return { password: value, from };
}
