import { isMariadb } from '../backend/node-baseline';
import type { NodeBaseline } from '../backend/node-baseline';
import type { ClientError } from './client-error';
import { WATCH_MS } from './client-watch';
import type { SessionContext } from './context';

/** ms that a session of this context may rest: wait_timeout, which a login of an interactive client sets. */
export function waitMs(context: SessionContext, { waitTimeout }: NodeBaseline): number {
  return milliseconds(context.variables.get('wait_timeout') ?? waitTimeout);
}

/** ms in which a client has to take something of what it is sent (net_write_timeout), or to send more of what it has begun (net_read_timeout). */
export function networkMs(
  context: SessionContext,
  { fresh }: NodeBaseline,
  variable: 'net_read_timeout' | 'net_write_timeout',
): number {
  return milliseconds(context.variables.get(variable) ?? fresh.get(variable));
}

/** A backend that has rested for so many ms is closed before its server does that, in the middle of somebody's command. */
export function backendRestMs(context: SessionContext, baseline: NodeBaseline): number {
  const limit = waitMs(context, baseline);
  return limit - Math.min(limit / 2, 2 * WATCH_MS);
}

/**
 * The last word to a client that rested too long: since 8.0.24 MySQL has one, and another one for a command that was begun.
 * Null: the connection just ends.
 */
export function inactivity(baseline: NodeBaseline, inCommand: boolean): ClientError | null {
  if (isMariadb(baseline)) return null;
  const [major = 0, minor = 0, patch = 0] = baseline.serverVersion.split(/[.-]/).map(Number);
  if (major < 8 || (major === 8 && minor === 0 && patch < 24)) return null;
  return inCommand ? READ_TIMEOUT : INACTIVE;
}

function milliseconds(seconds: string | undefined): number {
  return Number(seconds) * 1000 || Number.POSITIVE_INFINITY;
}

const INACTIVE: ClientError = {
  code: 4031,
  sqlState: 'HY000',
  message:
    'The client was disconnected by the server because of inactivity. ' +
    'See wait_timeout and interactive_timeout for configuring this behavior.',
};

/** ER_NET_READ_INTERRUPTED */
export const READ_TIMEOUT: ClientError = {
  code: 1159,
  sqlState: '08S01',
  message: 'Got timeout reading communication packets',
};
