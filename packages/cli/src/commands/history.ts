import * as Args from '@oclif/core/args';
import type { FlightRecord } from '@myswitch/orchestrator';
import { quoteString } from '@myswitch/protocol';
import { withAdmin } from '../admin/client';
import { storedRecord } from '../admin/rows';
import { BaseCommand } from '../base-command';
import { describeHistory } from '../output/reports';

export default class History extends BaseCommand {
  static override summary = 'list the switches made so far';
  static override args = { pool: Args.string({ name: 'POOL', description: 'of this pool only' }) };

  async run(): Promise<FlightRecord[]> {
    const { args, flags } = await this.parse(History);
    const records = await withAdmin(flags.config, async (client) => {
      const switches = await client.query(
        `SHOW SWITCHES${args.pool === undefined ? '' : ` POOL ${quoteString(args.pool)}`}`,
      );
      // the list has the main figures only; the contract wants whole records
      return Promise.all(
        switches.map(async (each) =>
          storedRecord(await client.query(`SHOW SWITCH ${quoteString(String(each['id']))}`)),
        ),
      );
    });
    this.log(describeHistory(records));
    return records;
  }
}
