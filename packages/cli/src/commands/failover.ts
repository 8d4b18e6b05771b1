import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { FailoverCheck, FlightRecord } from '@myswitch/orchestrator';
import { type AdminClient, withAdmin } from '../admin/client';
import { failoverCheck } from '../admin/rows';
import { type FailoverOptions, failoverStatement } from '../admin/statements';
import { BaseCommand } from '../base-command';
import { confirm, needsYes } from '../confirm';
import { ExitCode } from '../exit-codes';
import { fly } from '../fly';
import { describeFailoverCheck } from '../output/reports';

export default class Failover extends BaseCommand {
  static override summary = 'promote another node: the ACTIVE of the pool is dead';
  static override args = { pool: Args.string({ name: 'POOL', required: true }) };
  static override flags = {
    to: Flags.string({ helpValue: 'NODE', summary: 'the node to promote; without it the most advanced one' }),
    force: Flags.boolean({
      summary: 'also where transactions would be lost, or too few nodes could be asked whether the ACTIVE is dead',
    }),
    'serve-reads': Flags.boolean({
      summary:
        'reads are answered by the new node, as old as it is, while it applies what it has received; writes wait',
    }),
    'dry-run': Flags.boolean({ summary: 'tell who would be promoted, or why nobody, and do nothing' }),
    yes: Flags.boolean({ char: 'y', summary: 'ask no question' }),
  };

  async run(): Promise<FlightRecord | FailoverCheck> {
    const { args, flags } = await this.parse(Failover);
    const { pool } = args;
    const { to, force, yes, 'serve-reads': serveReads } = flags;
    const options = { ...(to !== undefined && { to }), force, serveReads };
    const terminal = process.stdin.isTTY && process.stdout.isTTY;
    if (!terminal && !yes && !flags['dry-run']) throw needsYes('failover');
    return withAdmin(flags.config, async (client) => {
      if (flags['dry-run']) return this.#check(client, pool, options);
      if (yes) return fly(this, client, failoverStatement('FAILOVER', pool, options), flags.config);
      const report = await this.#check(client, pool, options);
      if (report.answer === 'refuse') return report;
      const agreed = report.to ?? to;
      const losing = report.warnings.length === 0 ? '' : ', although transactions are lost';
      await confirm(`Promote ${agreed ?? '?'} of ${pool} in place of ${report.from ?? '?'}${losing}?`);
      // what was shown and agreed to
      const statement = failoverStatement(
        'FAILOVER',
        pool,
        agreed === undefined ? options : { ...options, to: agreed },
      );
      return fly(this, client, statement, flags.config);
    });
  }

  async #check(client: AdminClient, pool: string, options: FailoverOptions): Promise<FailoverCheck> {
    const report = failoverCheck(await client.query(failoverStatement('CHECK FAILOVER', pool, options)));
    this.log(describeFailoverCheck(report, Date.now()));
    process.exitCode = report.answer === 'go' ? ExitCode.OK : ExitCode.REFUSED;
    return report;
  }
}
