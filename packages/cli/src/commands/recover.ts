import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { quoteString } from '@myswitch/protocol';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { order, type OrderOutcome } from '../order';

export default class Recover extends BaseCommand {
  static override summary = 'say that a failed node was mended: it is UNKNOWN, and the next good poll makes it STANDBY';
  static override args = { node: Args.string({ name: 'NODE', required: true }) };
  static override flags = { yes: Flags.boolean({ char: 'y', summary: 'ask no question' }) };

  async run(): Promise<OrderOutcome> {
    const { args, flags } = await this.parse(Recover);
    await confirmOrNeedYes(`Is ${args.node} mended?`, flags.yes, 'recover');
    return order(this, flags.config, `RECOVER NODE ${quoteString(args.node)}`);
  }
}
