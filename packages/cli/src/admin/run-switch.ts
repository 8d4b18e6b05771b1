import type { RowDataPacket } from 'mysql2';
import { errorMessage } from '../error-details';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';
import type { StepRow } from '../output/steps';
import type { AdminClient } from './client';

export interface SwitchWatcher {
  readonly onStep: (row: StepRow) => void;
  /** What became of a Ctrl-C, for the operator. */
  readonly onInterrupt: (message: string) => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs a switch, or what else tells its steps, to its end, and resolves with all rows. The first Ctrl-C asks the server to roll back, and
 * the result is still waited for; the second one leaves without it.
 * @throws CliError CONNECTION_LOST (exit 7) when the outcome could not be read
 */
export async function runSwitch(
  client: AdminClient,
  statement: string,
  configFile: string,
  watcher: SwitchWatcher,
): Promise<readonly RowDataPacket[]> {
  let interrupted = false;
  const onSignal = (): void => {
    if (interrupted) {
      watcher.onInterrupt('left: the outcome is unknown, see `myswitch history`');
      process.exit(ExitCode.CONNECTION);
    }
    interrupted = true;
    watcher.onInterrupt('rolling back unless it is promoted already; once more to leave without the result');
    client.abort(configFile).catch((error: unknown) => {
      watcher.onInterrupt(`could not ask for it: ${errorMessage(error)}`);
    });
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await client.query(statement, (row) => {
      if (row['step'] === 'result') return;
      watcher.onStep({ step: row['step'], state: row['state'], ms: row['ms'], detail: row['detail'] });
    });
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'CONNECTION_LOST') throw error;
    throw new CliError(
      'CONNECTION_LOST',
      ExitCode.CONNECTION,
      'the connection was lost in mid-switch: the outcome is unknown',
      ['myswitch history', 'myswitch status'],
    );
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
