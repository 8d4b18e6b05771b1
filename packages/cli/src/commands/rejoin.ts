import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { RejoinReport } from '@myswitch/orchestrator';
import { quoteString } from '@myswitch/protocol';
import { withAdmin } from '../admin/client';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { flyRejoin } from '../fly';

export default class Rejoin extends BaseCommand {
  static override summary = 'make an old primary that is back follow the ACTIVE';
  static override args = {
    node: Args.string({ name: 'NODE', required: true }),
    pool: Args.string({ name: 'POOL' }),
  };
  static override flags = { yes: Flags.boolean({ char: 'y', summary: 'ask no question' }) };

  async run(): Promise<RejoinReport> {
    const { args, flags } = await this.parse(Rejoin);
    const { node, pool } = args;
    await confirmOrNeedYes(`Make ${node} follow the ACTIVE of its pool?`, flags.yes, 'rejoin');
    const where = pool === undefined ? '' : ` POOL ${quoteString(pool)}`;
    const statement = `REJOIN NODE ${quoteString(node)}${where}`;
    return withAdmin(flags.config, (client) => flyRejoin(this, client, statement, flags.config));
  }
}
