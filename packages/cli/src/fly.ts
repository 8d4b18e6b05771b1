import type { FlightRecord, RejoinReport, RejoinResult, SwitchResult } from '@myswitch/orchestrator';
import type { RowDataPacket } from 'mysql2';
import type { AdminClient } from './admin/client';
import { rejoinReport, switchRecord } from './admin/rows';
import { runSwitch } from './admin/run-switch';
import type { BaseCommand } from './base-command';
import { ExitCode } from './exit-codes';
import { describeLost, describeRejoin } from './output/rejoin';
import { describeOutcome } from './output/records';
import { StepPrinter } from './output/steps';

const EXIT_CODES: Readonly<Record<SwitchResult, ExitCode>> = {
  switched: ExitCode.OK,
  refused: ExitCode.REFUSED,
  'rolled-back': ExitCode.ROLLED_BACK,
  failed: ExitCode.FAILED,
};

const REJOIN_CODES: Readonly<Record<RejoinResult, ExitCode>> = {
  rejoined: ExitCode.OK,
  refused: ExitCode.REFUSED,
  failed: ExitCode.FAILED,
};

/** Runs a SWITCH or FAILOVER, shows its steps and its outcome, and sets the exit code. */
export async function fly(
  command: BaseCommand,
  client: AdminClient,
  statement: string,
  configFile: string,
): Promise<FlightRecord> {
  const record = switchRecord(await showSteps(command, client, statement, configFile));
  command.log(describeOutcome(record));
  process.exitCode = EXIT_CODES[record.result];
  return record;
}

/** The same for a REJOIN. */
export async function flyRejoin(
  command: BaseCommand,
  client: AdminClient,
  statement: string,
  configFile: string,
): Promise<RejoinReport> {
  const report = rejoinReport(await showSteps(command, client, statement, configFile));
  command.log(describeRejoin(report));
  process.exitCode = REJOIN_CODES[report.result];
  return report;
}

/** What a rebuild would destroy; `asks`: it lacks nothing but to be confirmed. */
export async function askRebuild(
  command: BaseCommand,
  client: AdminClient,
  statement: string,
  configFile: string,
): Promise<{ readonly report: RejoinReport; readonly asks: boolean }> {
  const report = rejoinReport(await showSteps(command, client, statement, configFile));
  const asks = report.reasons.every(({ code }) => code === 'UNCONFIRMED');
  command.log((asks ? describeLost(report.lost) : [describeRejoin(report)]).join('\n'));
  if (!asks) process.exitCode = REJOIN_CODES[report.result];
  return { report, asks };
}

async function showSteps(
  command: BaseCommand,
  client: AdminClient,
  statement: string,
  configFile: string,
): Promise<readonly RowDataPacket[]> {
  const out = command.jsonEnabled() ? process.stderr : process.stdout;
  const printer = new StepPrinter(out, out.isTTY);
  try {
    return await runSwitch(client, statement, configFile, {
      onStep: (row) => printer.print(row),
      onInterrupt: (message) => {
        printer.stop();
        process.stderr.write(`${message}\n`);
      },
    });
  } finally {
    printer.stop();
  }
}
