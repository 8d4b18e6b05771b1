import type { AdminClient } from './admin/client';
import { withAdmin } from './admin/client';
import type { BaseCommand } from './base-command';
import { ExitCode } from './exit-codes';

/** What came of an order to a pool or node. */
export interface OrderOutcome {
  readonly result: 'done' | 'refused';
  /** Why it was refused. */
  readonly code: string | null;
  readonly message: string;
}

/** Sends the statement, tells what came of it, and sets the exit code. */
export async function order(command: BaseCommand, configFile: string, statement: string): Promise<OrderOutcome> {
  const outcome = await withAdmin(configFile, (client) => ask(client, statement));
  const { result, code, message } = outcome;
  command.log(result === 'done' ? message : `refused: nothing was changed\n  ${code ?? ''}: ${message}`);
  process.exitCode = result === 'done' ? ExitCode.OK : ExitCode.REFUSED;
  return outcome;
}

async function ask(client: AdminClient, statement: string): Promise<OrderOutcome> {
  const [row] = await client.query(statement);
  return { result: row?.['result'], code: row?.['code'], message: row?.['message'] };
}
