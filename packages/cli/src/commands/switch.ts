import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { CheckReport, FlightRecord } from '@myswitch/orchestrator';
import { withAdmin, type AdminClient } from '../admin/client';
import { checkReport } from '../admin/rows';
import { switchStatement, type SwitchOptions } from '../admin/statements';
import { BaseCommand } from '../base-command';
import { confirm, needsYes } from '../confirm';
import { ExitCode } from '../exit-codes';
import { fly } from '../fly';
import { describeCheck } from '../output/reports';
import { dangerous, switchFlags, switchOptions } from '../switch-flags';

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
      if (!asks) return fly(this, client, switchStatement('SWITCH', pool, options), flags.config);
      const report = await this.#check(client, pool, options);
      if (report.answer === 'refuse') return report;
      const to = report.to ?? options.to;
      await confirm(`Switch ${pool} from ${report.from ?? '?'} to ${to ?? '?'}?`);
      // what was shown and agreed to, even if another node became fit meanwhile
      const agreed = to === undefined ? options : { ...options, to };
      return fly(this, client, switchStatement('SWITCH', pool, agreed), flags.config);
    });
  }

  async #check(client: AdminClient, pool: string, options: SwitchOptions): Promise<CheckReport> {
    const report = checkReport(await client.query(switchStatement('CHECK SWITCH', pool, options)));
    this.log(describeCheck(report));
    process.exitCode = report.answer === 'go' ? ExitCode.OK : ExitCode.REFUSED;
    return report;
  }
}

function requireYes(options: SwitchOptions): void {
  const flags = dangerous(options);
  if (flags.length === 0) return;
  throw needsYes(flags.join(', '));
}
