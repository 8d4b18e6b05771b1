import * as Args from '@oclif/core/args';
import type { PoolRecord } from '@myswitch/orchestrator';
import { quoteString } from '@myswitch/protocol';
import { withAdmin } from '../admin/client';
import { storedRecord } from '../admin/rows';
import { BaseCommand } from '../base-command';
import { describeRecord } from '../output/records';

export default class Show extends BaseCommand {
  static override summary = 'show the record of one switch, failover or rejoin';
  static override args = { id: Args.string({ name: 'ID', required: true, description: 'as `history` has it' }) };

  async run(): Promise<PoolRecord> {
    const { args, flags } = await this.parse(Show);
    const sql = `SHOW SWITCH ${quoteString(args.id)}`;
    const record = await withAdmin(flags.config, async (client) => storedRecord(await client.query(sql)));
    this.log(describeRecord(record));
    return record;
  }
}
