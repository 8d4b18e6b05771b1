import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { quoteString } from '@myswitch/protocol';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { order, type OrderOutcome } from '../order';

export default class Freeze extends BaseCommand {
  static override summary = 'keep a pool where it is: no switch and no failover';
  static override args = { pool: Args.string({ name: 'POOL', required: true }) };
  static override flags = {
    reason: Flags.string({ helpValue: 'TEXT', summary: 'told to whoever is refused', default: '' }),
    yes: Flags.boolean({ char: 'y', summary: 'ask no question' }),
  };

  async run(): Promise<OrderOutcome> {
    const { args, flags } = await this.parse(Freeze);
    await confirmOrNeedYes(`Freeze ${args.pool}, also against an automatic failover?`, flags.yes, 'freeze');
    const reason = flags.reason === '' ? '' : ` REASON ${quoteString(flags.reason)}`;
    return order(this, flags.config, `FREEZE POOL ${quoteString(args.pool)}${reason}`);
  }
}
