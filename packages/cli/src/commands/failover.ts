import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { FlightRecord } from '@myswitch/orchestrator';
import { withAdmin } from '../admin/client';
import { failoverStatement } from '../admin/statements';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { fly } from '../fly';

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
    yes: Flags.boolean({ char: 'y', summary: 'ask no question' }),
  };

  async run(): Promise<FlightRecord> {
    const { args, flags } = await this.parse(Failover);
    const { pool } = args;
    const { to, force, 'serve-reads': serveReads } = flags;
    const losing = force ? ', also if transactions are lost' : '';
    const question = `Promote ${to ?? 'the most advanced node'} of ${pool} in place of its ACTIVE${losing}?`;
    await confirmOrNeedYes(question, flags.yes, 'failover');
    const statement = failoverStatement(pool, { ...(to !== undefined && { to }), force, serveReads });
    return withAdmin(flags.config, (client) => fly(this, client, statement, flags.config));
  }
}
