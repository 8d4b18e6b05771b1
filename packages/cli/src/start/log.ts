import type { Log } from '@myswitch/proxy';
import pino from 'pino';
import { errorCode, errorMessage } from '../error-details';

const SECRETS = ['password', 'passphrase', 'key', 'authResponse', 'authentication'];

/** JSON lines on stderr. Secrets are cut out wherever they hang, and of an error only what is known to hold none is kept. */
export function createLog(): Log {
  const paths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const logger = pino(
    {
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '[secret]' },
      serializers: { err: serializeError },
    },
    pino.destination({ fd: 2, sync: true }),
  );
  return (level, message, fields = {}) => logger[level](fields, message);
}

/** A driver's error carries the statement, which may hold a password. */
function serializeError(error: unknown): object {
  return {
    code: errorCode(error),
    message: errorMessage(error),
    ...(error instanceof Error && { type: error.name, stack: error.stack }),
  };
}
