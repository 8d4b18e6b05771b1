import type { AccountRow } from '../data-plane';
import type { ServerAccount } from '../dialects/dialect';
import type { PoolOptions } from '../options';

/** Something that a person should know of an account before relying on it through MySwitch. */
export interface Caveat {
  /** 'user'@'host' */
  readonly account: string;
  readonly reason: string;
}

const NATIVE = 'mysql_native_password';
/** Plugins whose passwords can be checked against what the server keeps, and passed on to it. */
const SERVED: ReadonlySet<string> = new Set([NATIVE, 'caching_sha2_password', 'sha256_password']);
/** What others lack. */
const LACKS: Readonly<Record<string, string>> = {
  ed25519: 'ed25519: the server hides what MySwitch would log in with; give its password in users',
  parsec: 'parsec: the server hides what MySwitch would log in with; give its password in users',
};

/** As people and SHOW GRANTS write it. */
const nameOfAccount = ({ user, host }: Pick<AccountRow, 'user' | 'host'>): string => `'${user}'@'${host}'`;

/** What of the accounts can't be done, or not as the server does it itself. Locked accounts are served: by a refusal. */
export function caveatsOf(
  accounts: readonly ServerAccount[],
  pool: Pick<PoolOptions, 'users' | 'nodes'>,
): readonly Caveat[] {
  return accounts
    .filter(({ row }) => !row.locked)
    .flatMap((account) => {
      const reasons = [
        ...(pool.users.includes(account.row.user) ? [] : notServed(account)),
        ...notReached(account.row, pool.nodes),
        ...(account.row.passwordExpired ? ['its password has expired: only at the server can it be changed'] : []),
        ...(account.countsFailures
          ? ['wrong passwords given to MySwitch are not counted by FAILED_LOGIN_ATTEMPTS']
          : []),
      ];
      return reasons.map((reason) => ({ account: nameOfAccount(account.row), reason }));
    });
}

function notServed({ row, unfit }: ServerAccount): readonly string[] {
  if (unfit !== null) {
    return [unfit];
  }
  const ways = [row, ...row.alternatives];
  if (ways.some(canBeServed)) {
    return [];
  }
  const plugin = ways.find((way) => !SERVED.has(way.plugin))?.plugin ?? row.plugin;
  return [LACKS[plugin] ?? (SERVED.has(plugin) ? 'it has no valid password' : `${plugin} is not supported`)];
}

/** A native password is empty or a hash; anything else, such as `invalid`, is a way to say that there is none. */
const canBeServed = ({
  plugin,
  authentication,
}: {
  readonly plugin: string;
  readonly authentication: string;
}): boolean =>
  SERVED.has(plugin) && (plugin !== NATIVE || authentication === '' || /^\*[0-9A-F]{40}$/i.test(authentication));

/** The server asks MySwitch for what it asks of clients. */
function notReached({ tls }: AccountRow, nodes: PoolOptions['nodes']): readonly string[] {
  const lacking = nodes.filter((node) => node.tls === null || (tls !== 'ANY' && node.tls.cert === null));
  if (tls === 'NONE' || lacking.length === 0) {
    return [];
  }
  const what = tls === 'ANY' ? 'TLS' : 'a certificate';
  return [`it requires ${what}, and MySwitch connects without to ${lacking.map(({ name }) => name).join(', ')}`];
}
