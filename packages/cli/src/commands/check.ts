import * as Args from '@oclif/core/args';
import type { CheckReport } from '@myswitch/orchestrator';
import { withAdmin } from '../admin/client';
import { checkReport } from '../admin/rows';
import { switchStatement } from '../admin/statements';
import { BaseCommand } from '../base-command';
import { ExitCode } from '../exit-codes';
import { describeCheck } from '../output/reports';
import { switchFlags, switchOptions } from '../switch-flags';

export default class Check extends BaseCommand {
  static override summary = 'tell whether a switch would be made, and what would block it';
  static override args = { pool: Args.string({ name: 'POOL', required: true }) };
  static override flags = switchFlags;

  async run(): Promise<CheckReport> {
    const { args, flags } = await this.parse(Check);
    const sql = switchStatement('CHECK SWITCH', args.pool, switchOptions(flags));
    const report = await withAdmin(flags.config, async (client) => checkReport(await client.query(sql)));
    this.log(describeCheck(report));
    process.exitCode = report.answer === 'go' ? ExitCode.OK : ExitCode.REFUSED;
    return report;
  }
}
