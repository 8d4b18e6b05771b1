import { ProxyError } from '../errors';
import type { RefusedAccount } from '../plane/types';
import type { Account, RowName } from './account';

const ACCESS_DENIED = 1045;

/** A server takes us for another account than the client is. */
class OtherRowError extends ProxyError {
  readonly matched: RowName;

  constructor(user: string, matched: RowName) {
    const message = `Access denied for user '${user}': its account is another one behind the proxy`;
    super('SERVER', message, { errno: ACCESS_DENIED, sqlState: '28000' });
    this.matched = matched;
  }
}

/**
 * Privileges are those of the row that a server found for our address, whatever the client's may be: so it has to be the
 * client's. `matched`: CURRENT_USER() of a backend. Throws ProxyError SERVER with 1045.
 */
export function requireRow({ name, row }: Account, matched: RowName): void {
  if (row !== null && !isSame(row, matched)) throw new OtherRowError(name, matched);
}

export function isOtherRow(error: Error): boolean {
  return error instanceof OtherRowError;
}

/** What an operator has to know when a client proved a password and a node does not take it from us; null: it is not that. */
export function whyRefused(
  account: Account,
  node: string,
  error: Error,
): Pick<RefusedAccount, 'user' | 'row' | 'matched' | 'reason'> | null {
  const { name: user, row, credential } = account;
  if (row === null || credential === null || !(error instanceof ProxyError) || error.errno !== ACCESS_DENIED)
    return null;
  const matched = error instanceof OtherRowError ? error.matched : null;
  if (matched !== null && isProxy(row, matched)) {
    const reason = `${node} gives it the privileges of ${matched} (GRANT PROXY): name the account in users`;
    return { user, row, matched, reason };
  }
  const what =
    matched === null
      ? `${node} refuses it from here (${error.message})`
      : `${node} takes connections from here for ${matched}, not for ${row}`;
  return { user, row, matched, reason: `${what}: give the account one host that fits both, or name it in users` };
}

/** Another user, and no anonymous one on either side, which a host may decide. */
function isProxy(row: RowName, matched: RowName): boolean {
  const [user, other] = [row, matched].map((name) => name.slice(0, name.lastIndexOf('@')));
  return user !== '' && other !== '' && user !== other;
}

/** Servers keep hosts in lower case, users as they were written. */
function isSame(row: RowName, other: RowName): boolean {
  const [at, otherAt] = [row.lastIndexOf('@'), other.lastIndexOf('@')];
  const sameUser = row.slice(0, at) === other.slice(0, otherAt);
  return sameUser && row.slice(at).toLowerCase() === other.slice(otherAt).toLowerCase();
}
