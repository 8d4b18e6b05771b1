import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { CheckReport, FlightRecord, SwitchResult } from '@myswitch/orchestrator';
import { withAdmin, type AdminClient } from '../admin/client';
import { checkReport } from '../admin/rows';
import { runSwitch } from '../admin/run-switch';
import { switchStatement, type SwitchOptions } from '../admin/statements';
import { BaseCommand } from '../base-command';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';
import { describeCheck, describeOutcome } from '../output/reports';
import { StepPrinter } from '../output/steps';
import { dangerous, switchFlags, switchOptions } from '../switch-flags';
import { ask } from '../terminal';

const EXIT_CODES: Readonly<Record<SwitchResult, ExitCode>> = {
  switched: ExitCode.OK,
  refused: ExitCode.REFUSED,
  'rolled-back': ExitCode.ROLLED_BACK,
  failed: ExitCode.FAILED,
};

export default class Switch extends BaseCommand {
  static override summary = 'move every application of a pool to another node';
  static override args = { pool: Args.string({ name: 'POOL', required: true }) };
  static override flags = {
    ...switchFlags,
    'dry-run': Flags.boolean({ summary: 'the same as `check`' }),
    yes: Flags.boolean({ char: 'y', summary: 'ask no question' }),
  };

  async run(): Promise<FlightRecord | CheckReport> {
    const { args, flags } = await this.parse(Switch);
    const { pool } = args;
    const options = switchOptions(flags);
    const terminal = process.stdin.isTTY && process.stdout.isTTY;
    const asks = terminal && !flags.yes;
    if (!terminal && !flags.yes && !flags['dry-run']) requireYes(options);
    return withAdmin(flags.config, async (client) => {
      if (flags['dry-run']) return this.#check(client, pool, options);
      if (!asks) return this.#switch(client, pool, options, flags.config);
      const report = await this.#check(client, pool, options);
      if (report.answer === 'refuse') return report;
      const to = report.to ?? options.to;
      await confirm(`Switch ${pool} from ${report.from ?? '?'} to ${to ?? '?'}? [y/N] `);
      // what was shown and agreed to, even if another node became fit meanwhile
      return this.#switch(client, pool, to === undefined ? options : { ...options, to }, flags.config);
    });
  }

  async #check(client: AdminClient, pool: string, options: SwitchOptions): Promise<CheckReport> {
    const report = checkReport(await client.query(switchStatement('CHECK SWITCH', pool, options)));
    this.log(describeCheck(report));
    process.exitCode = report.answer === 'go' ? ExitCode.OK : ExitCode.REFUSED;
    return report;
  }

  async #switch(client: AdminClient, pool: string, options: SwitchOptions, configFile: string): Promise<FlightRecord> {
    const out = this.jsonEnabled() ? process.stderr : process.stdout;
    const printer = new StepPrinter(out, out.isTTY);
    try {
      const record = await runSwitch(client, switchStatement('SWITCH', pool, options), configFile, {
        onStep: (row) => printer.print(row),
        onInterrupt: (message) => {
          printer.stop();
          process.stderr.write(`${message}\n`);
        },
      });
      this.log(describeOutcome(record));
      process.exitCode = EXIT_CODES[record.result];
      return record;
    } finally {
      printer.stop();
    }
  }
}

function requireYes(options: SwitchOptions): void {
  const flags = dangerous(options);
  if (flags.length === 0) return;
  const message = `${flags.join(', ')}: without a terminal to ask on, this needs --yes`;
  throw new CliError('NEEDS_YES', ExitCode.USAGE, message, ['the same command with --yes']);
}

async function confirm(question: string): Promise<void> {
  if (/^y(es)?$/i.test((await ask(question)).trim())) return;
  throw new CliError('CANCELLED', ExitCode.REFUSED, 'not switched: nothing was changed');
}
