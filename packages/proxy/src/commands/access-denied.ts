import type { RejectedLogin } from '@myswitch/protocol';
import type { ClientError } from '../session/client-error';

/** `client`: host:port */
export function accessDenied(user: string, client: string, usedPassword: boolean): ClientError {
  const host = client.replace(/:\d+$/, '');
  return {
    code: 1045,
    sqlState: '28000',
    message: `Access denied for user '${user}'@'${host}' (using password: ${usedPassword ? 'YES' : 'NO'})`,
  };
}

/** What a server says to a client that did not prove itself. */
export function rejection({ reason, user, usedPassword }: RejectedLogin, client: string): ClientError {
  return reason === 'PLUGIN' ? NO_PLUGINS : accessDenied(user, client, usedPassword);
}

const NO_PLUGINS: ClientError = {
  code: 1251,
  sqlState: '08004',
  message: 'Client does not support authentication protocol requested by server; consider upgrading MySQL client',
};
