import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { quoteString } from '@myswitch/protocol';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';
import { order, type OrderOutcome } from '../order';

export default class SetNode extends BaseCommand {
  static override summary = 'overrule configuration and health of a node, until it is released';
  static override args = { node: Args.string({ name: 'NODE', required: true }) };
  static override flags = {
    type: Flags.option({ options: ['PRIMARY', 'SECONDARY'] as const, summary: 'the order of preference' })(),
    state: Flags.option({
      options: ['UNKNOWN', 'STANDBY', 'ACTIVE', 'FAILED_ONLINE', 'FAILED_OFFLINE'] as const,
      summary: 'other than STANDBY: never chosen by itself. ACTIVE is refused: that is a switch or a failover',
    })(),
    status: Flags.option({
      options: ['OK', 'OK_INFO', 'OK_WARN', 'OK_CRITICAL', 'FAIL'] as const,
      summary: 'of the ACTIVE: no failover by itself; FAIL: never chosen by itself',
    })(),
    weight: Flags.integer({
      min: 0,
      max: 1000,
      summary: 'among equally advanced candidates of a failover; 0: never chosen by itself',
    }),
    yes: Flags.boolean({ char: 'y', summary: 'ask no question' }),
  };

  async run(): Promise<OrderOutcome> {
    const { args, flags } = await this.parse(SetNode);
    const { type, state, status, weight } = flags;
    const settings = Object.entries({ TYPE: type, STATE: state, STATUS: status, WEIGHT: weight })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
    if (settings === '') {
      throw new CliError('USAGE', ExitCode.USAGE, 'set: say --type, --state, --status or --weight');
    }
    await confirmOrNeedYes(`Set ${settings} of ${args.node}, whatever its health is?`, flags.yes, 'set');
    return order(this, flags.config, `SET NODE ${quoteString(args.node)} ${settings}`);
  }
}
