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
