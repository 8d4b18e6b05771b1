/** Why the data plane could not do something. */
export type ProxyErrorCode =
  /** the server answered ERR; `errno` and `sqlState` are its own */
  | 'SERVER'
  /** a backend connection ended while it was needed */
  | 'BACKEND_LOST'
  /** a node can't be reached or does not let us in */
  | 'BACKEND_UNAVAILABLE'
  /** the server broke the protocol */
  | 'BACKEND_PROTOCOL'
  /** what the control plane asks does not fit the state of the pool */
  | 'ILLEGAL_STATE'
  /** a deadline passed */
  | 'DEADLINE';

export class ProxyError extends Error {
  readonly code: ProxyErrorCode;
  readonly errno: number | null;
  readonly sqlState: string | null;

  constructor(code: ProxyErrorCode, message: string, server?: { errno: number; sqlState: string }) {
    super(message);
    this.name = 'ProxyError';
    this.code = code;
    this.errno = server?.errno ?? null;
    this.sqlState = server?.sqlState ?? null;
  }
}

export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void;
