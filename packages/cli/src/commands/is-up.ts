import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { quoteString } from '@myswitch/protocol';
import { withAdmin } from '../admin/client';
import { BaseCommand } from '../base-command';

/** What checks of load balancers take for no: keepalived reads higher ones as weights. */
const DOWN = 1;

export default class IsUp extends BaseCommand {
  static override summary = 'tell a load balancer whether to send clients to a node: UP, or DOWN and exit code 1';
  static override args = { node: Args.string({ name: 'NODE', required: true }) };
  static override flags = {
    rw: Flags.boolean({
      summary: 'for reads and writes, which is meant without a flag too: ACTIVE with OK, OK_INFO or OK_WARN',
      exclusive: ['ro'],
    }),
    ro: Flags.boolean({ summary: 'for reads: also a STANDBY that receives and applies' }),
  };

  #down = false;

  async run(): Promise<{ node: string; up: boolean }> {
    const { args, flags } = await this.parse(IsUp);
    const statement = `IS UP NODE ${quoteString(args.node)} ${flags.ro ? 'RO' : 'RW'}`;
    const [row] = await withAdmin(flags.config, (client) => client.query(statement));
    const up = row?.['answer'] === 'UP';
    this.#down = !up;
    this.log(up ? 'UP' : 'DOWN');
    return { node: args.node, up };
  }

  override async finally(thrown: Error | undefined): Promise<void> {
    await super.finally(thrown);
    if (this.#down) process.exitCode = DOWN;
  }
}
