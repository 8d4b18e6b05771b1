import * as Args from '@oclif/core/args';
import type { PoolEvent } from '@myswitch/orchestrator';
import { quoteString } from '@myswitch/protocol';
import { withAdmin } from '../admin/client';
import { poolEvent } from '../admin/rows';
import { BaseCommand } from '../base-command';
import { describeEvents } from '../output/reports';

export default class Events extends BaseCommand {
  static override summary = 'show what happened: who decided what, why, and from which facts (--json)';
  static override args = { pool: Args.string({ name: 'POOL', description: 'of this pool only' }) };

  async run(): Promise<PoolEvent[]> {
    const { args, flags } = await this.parse(Events);
    const sql = `SHOW EVENTS${args.pool === undefined ? '' : ` POOL ${quoteString(args.pool)}`}`;
    const events = (await withAdmin(flags.config, (client) => client.query(sql))).map(poolEvent);
    this.log(describeEvents(events));
    return events;
  }
}
