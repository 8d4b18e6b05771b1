import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { quoteString } from '@myswitch/protocol';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { order, type OrderOutcome } from '../order';

export default class Unfreeze extends BaseCommand {
  static override summary = 'let switches and failovers move a pool again';
  static override args = { pool: Args.string({ name: 'POOL', required: true }) };
  static override flags = { yes: Flags.boolean({ char: 'y', summary: 'ask no question' }) };

  async run(): Promise<OrderOutcome> {
    const { args, flags } = await this.parse(Unfreeze);
    await confirmOrNeedYes(`May ${args.pool} be moved again?`, flags.yes, 'unfreeze');
    return order(this, flags.config, `UNFREEZE POOL ${quoteString(args.pool)}`);
  }
}
