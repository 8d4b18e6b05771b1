import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { quoteString } from '@myswitch/protocol';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { order, type OrderOutcome } from '../order';

export default class Resume extends BaseCommand {
  static override summary = 'let the work of a paused pool go on';
  static override args = { pool: Args.string({ name: 'POOL', required: true }) };
  static override flags = { yes: Flags.boolean({ char: 'y', summary: 'ask no question' }) };

  async run(): Promise<OrderOutcome> {
    const { args, flags } = await this.parse(Resume);
    await confirmOrNeedYes(`Let the work of ${args.pool} go on?`, flags.yes, 'resume');
    return order(this, flags.config, `RESUME POOL ${quoteString(args.pool)}`);
  }
}
