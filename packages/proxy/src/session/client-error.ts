import { ProxyError } from '../errors';

/** An ERR packet for a client. */
export interface ClientError {
  readonly code: number;
  readonly sqlState: string;
  readonly message: string;
}

/** The server's own error as it is; ours as 1105. */
export function clientError(error: Error): ClientError {
  if (!(error instanceof ProxyError) || error.errno === null)
    return { code: 1105, sqlState: 'HY000', message: `MySwitch: ${error.message}` };
  return { code: error.errno, sqlState: error.sqlState!, message: error.message };
}

/** ER_SERVER_SHUTDOWN: MySQL says so to everybody whose command is under way; MariaDB just closes the connection. */
export const SERVER_SHUTDOWN = 1053;

/** ER_OPTION_PREVENTS_STATEMENT: read_only. */
export const READ_ONLY = 1290;

/** ER_QUERY_INTERRUPTED */
export const INTERRUPTED: ClientError = {
  code: 1317,
  sqlState: '70100',
  message: 'Query execution was interrupted',
};
