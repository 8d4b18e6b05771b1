import type { FlightRecord, SwitchResult } from '@myswitch/orchestrator';
import type { AdminClient } from './admin/client';
import { runSwitch } from './admin/run-switch';
import type { BaseCommand } from './base-command';
import { ExitCode } from './exit-codes';
import { describeOutcome } from './output/reports';
import { StepPrinter } from './output/steps';

const EXIT_CODES: Readonly<Record<SwitchResult, ExitCode>> = {
  switched: ExitCode.OK,
  refused: ExitCode.REFUSED,
  'rolled-back': ExitCode.ROLLED_BACK,
  failed: ExitCode.FAILED,
};

/** Runs a SWITCH or FAILOVER, shows its steps and its outcome, and sets the exit code. */
export async function fly(
  command: BaseCommand,
  client: AdminClient,
  statement: string,
  configFile: string,
): Promise<FlightRecord> {
  const out = command.jsonEnabled() ? process.stderr : process.stdout;
  const printer = new StepPrinter(out, out.isTTY);
  try {
    const record = await runSwitch(client, statement, configFile, {
      onStep: (row) => printer.print(row),
      onInterrupt: (message) => {
        printer.stop();
        process.stderr.write(`${message}\n`);
      },
    });
    command.log(describeOutcome(record));
    process.exitCode = EXIT_CODES[record.result];
    return record;
  } finally {
    printer.stop();
  }
}
