import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { FlightRecord } from '@myswitch/orchestrator';
import { withAdmin } from '../admin/client';
import { switchStatement } from '../admin/statements';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { fly } from '../fly';
import { moveBackFlags, switchOptions } from '../switch-flags';

export default class Switchback extends BaseCommand {
  static override summary = 'undo the last switch: move every application back';
  static override args = { pool: Args.string({ name: 'POOL', required: true }) };
  static override flags = { ...moveBackFlags, yes: Flags.boolean({ char: 'y', summary: 'ask no question' }) };

  async run(): Promise<FlightRecord> {
    const { args, flags } = await this.parse(Switchback);
    await confirmOrNeedYes(`Move ${args.pool} back to where it was before its last switch?`, flags.yes, 'switchback');
    const statement = switchStatement('SWITCHBACK', args.pool, switchOptions(flags));
    return withAdmin(flags.config, (client) => fly(this, client, statement, flags.config));
  }
}
