import type { ProxyError } from '../errors';
import type { ClientError } from './work';

/** The server's own error as it is; ours as 1105. */
export function clientError(error: ProxyError): ClientError {
  if (error.errno === null) return { code: 1105, sqlState: 'HY000', message: `MySwitch: ${error.message}` };
  return { code: error.errno, sqlState: error.sqlState!, message: error.message };
}
