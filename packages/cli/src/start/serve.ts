import { AdminServer, OrchestratorError } from '@myswitch/orchestrator';
import type { Log } from '@myswitch/proxy';
import { formatEndpoint, type Endpoint, type ServerConfig } from '../config';
import { errorCode, errorMessage } from '../error-details';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';
import { createHealthServer } from './health';
import { listenerOn } from './listener';
import type { Parts } from './parts';

/** Of the orchestrator's errors; others are internal. */
const EXIT_CODES: Readonly<Record<string, ExitCode>> = {
  // it is the first thing that is done
  STATE_DIR_IN_USE: ExitCode.REFUSED,
};

/** How long what runs may take to end when MySwitch is stopped. */
const GRACE_MS = 10_000;

/** Why an address can't be listened on, for those that operators meet. */
const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the name is not known',
};

/**
 * Puts MySwitch together and starts it.
 * @returns stops it: lets what runs end, closes every listener; call it once
 * @throws CliError LISTEN naming the address, or the code of the orchestrator; what was started before is stopped again
 */
export async function serve(config: ServerConfig, parts: Parts, log: Log): Promise<() => Promise<void>> {
  /** what to undo, the last started first */
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const undo of started.splice(0).reverse()) {
      await undo().catch((err: unknown) => log('error', 'a part could not be stopped cleanly', { err }));
    }
  };
  try {
    const data = await parts.startDataPlane(config.proxy, config.workers, log);
    started.push(() => data.stop(GRACE_MS));

    const orchestrator = parts.createOrchestrator(config.orchestrator, data.plane, log);
    started.push(() => orchestrator.stop());
    await orchestrator.start();

    await listening(`a pool`, null, () => data.listen());

    const admin = new AdminServer({
      user: config.admin.user,
      password: config.admin.password,
      control: orchestrator,
      plane: data.plane,
      pools: config.orchestrator.pools.map(({ name }) => name),
      variables: config.variables,
      log,
    });
    started.push(() => admin.close());
    await listening('the admin port', config.admin.listen, () => admin.listen(config.admin.listen));

    const http = createHealthServer(orchestrator);
    started.push(() => http.close());
    await listening('http', config.http, () => http.listen(config.http));
    return stop;
  } catch (error) {
    await stop();
    if (!(error instanceof OrchestratorError)) throw error;
    throw new CliError(error.code, EXIT_CODES[error.code] ?? ExitCode.INTERNAL, error.message);
  }
}

/** @param endpoint `null` when the error names it */
async function listening(what: string, endpoint: Endpoint | null, listen: () => Promise<unknown>): Promise<void> {
  try {
    await listen();
  } catch (error) {
    // of a worker's error only the message arrives
    const code = /\bE[A-Z]{4,}\b/.exec(errorMessage(error))?.[0] ?? errorCode(error) ?? '';
    const reason = code === 'EADDRINUSE' ? takenBy(endpoint, errorMessage(error)) : LISTEN_REASONS[code];
    const where = endpoint === null ? '' : ` on ${formatEndpoint(endpoint)}`;
    const detail = reason === undefined ? errorMessage(error) : `${reason} (${errorMessage(error)})`;
    throw new CliError('LISTEN', ExitCode.USAGE, `${what} can't listen${where}: ${detail}`, [
      'end what listens there, or change the address in the configuration',
    ]);
  }
}

function takenBy(endpoint: Endpoint | null, message: string): string {
  const port = endpoint !== null && 'port' in endpoint ? endpoint.port : Number(/:(\d+)$/.exec(message)?.[1]);
  const who = Number.isInteger(port) ? listenerOn(port) : null;
  return `${who ?? 'something'} listens there already`;
}
