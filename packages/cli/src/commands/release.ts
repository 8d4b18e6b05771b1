import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { quoteString } from '@myswitch/protocol';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { order, type OrderOutcome } from '../order';

export default class Release extends BaseCommand {
  static override summary = 'forget what was set of a node: configuration and health count again';
  static override args = { node: Args.string({ name: 'NODE', required: true }) };
  static override flags = { yes: Flags.boolean({ char: 'y', summary: 'ask no question' }) };

  async run(): Promise<OrderOutcome> {
    const { args, flags } = await this.parse(Release);
    await confirmOrNeedYes(`Release ${args.node} from what was set?`, flags.yes, 'release');
    return order(this, flags.config, `RELEASE NODE ${quoteString(args.node)}`);
  }
}
