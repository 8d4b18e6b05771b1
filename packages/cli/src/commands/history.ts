import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { FlightRecord } from '@myswitch/orchestrator';
import { quoteString } from '@myswitch/protocol';
import { withAdmin } from '../admin/client';
import { storedRecord } from '../admin/rows';
import { BaseCommand } from '../base-command';
import { describeHistory } from '../output/records';

export default class History extends BaseCommand {
  static override summary = 'list the switches, failovers and rejoins so far';
  static override description = 'With --json: the records of switches and failovers, refused ones too.';
  static override args = { pool: Args.string({ name: 'POOL', description: 'of this pool only' }) };
  static override flags = {
    all: Flags.boolean({ summary: 'also those that were refused, which changed nothing' }),
  };

  async run(): Promise<FlightRecord[]> {
    const { args, flags } = await this.parse(History);
    const records = await withAdmin(flags.config, async (client) => {
      const rows = await client.query(
        `SHOW SWITCHES${args.pool === undefined ? '' : ` POOL ${quoteString(args.pool)}`}`,
      );
      // the list has the main figures only; the contract wants whole records
      return Promise.all(
        rows.map(async (each) => storedRecord(await client.query(`SHOW SWITCH ${quoteString(String(each['id']))}`))),
      );
    });
    this.log(describeHistory(records, flags.all));
    return records.filter((record) => record.kind !== 'rejoin');
  }
}
