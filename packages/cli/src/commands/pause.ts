import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { formatDuration } from '@myswitch/orchestrator';
import { quoteString } from '@myswitch/protocol';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { duration } from '../duration-flag';
import { order, type OrderOutcome } from '../order';

export default class Pause extends BaseCommand {
  static override summary = 'let new work of a pool wait, until `resume` or a deadline';
  static override args = { pool: Args.string({ name: 'POOL', required: true }) };
  static override flags = {
    for: duration({ summary: 'at most so long; without it, and at most, nine tenths of hold.max' }),
    yes: Flags.boolean({ char: 'y', summary: 'ask no question' }),
  };

  async run(): Promise<OrderOutcome> {
    const { args, flags } = await this.parse(Pause);
    await confirmOrNeedYes(`Let the clients of ${args.pool} wait?`, flags.yes, 'pause');
    const limit = flags.for === undefined ? '' : ` FOR ${quoteString(formatDuration(flags.for))}`;
    return order(this, flags.config, `PAUSE POOL ${quoteString(args.pool)}${limit}`);
  }
}
