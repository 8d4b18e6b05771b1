import * as Args from '@oclif/core/args';
import type { PoolReport } from '@myswitch/orchestrator';
import { withAdmin } from '../admin/client';
import { poolReports } from '../admin/rows';
import { BaseCommand } from '../base-command';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';
import { describePools } from '../output/reports';

export default class Status extends BaseCommand {
  static override summary = 'show pools and nodes: type, state, status, lag, gate, clients';
  static override args = { pool: Args.string({ name: 'POOL', description: 'this pool only' }) };

  async run(): Promise<{ pools: PoolReport[] }> {
    const { args, flags } = await this.parse(Status);
    const all = await withAdmin(flags.config, async (client) =>
      poolReports(await client.query('SHOW POOLS'), await client.query('SHOW NODES')),
    );
    const pools = args.pool === undefined ? all : all.filter(({ name }) => name === args.pool);
    if (args.pool !== undefined && pools.length === 0) {
      const known = all.map(({ name }) => name).join(', ');
      throw new CliError('UNKNOWN_POOL', ExitCode.USAGE, `there is no pool "${args.pool}"; the pools are ${known}`);
    }
    this.log(describePools(pools));
    return { pools };
  }
}
