import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { FlightRecord } from '@myswitch/orchestrator';
import { withAdmin } from '../admin/client';
import { switchStatement } from '../admin/statements';
import { BaseCommand } from '../base-command';
import { confirmOrNeedYes } from '../confirm';
import { fly } from '../fly';
import { moveBackFlags, switchOptions } from '../switch-flags';

export default class ActivatePrimary extends BaseCommand {
  static override summary = 'give ACTIVE back to the node of type PRIMARY, by a switch';
  static override args = { pool: Args.string({ name: 'POOL', required: true }) };
  static override flags = { ...moveBackFlags, yes: Flags.boolean({ char: 'y', summary: 'ask no question' }) };

  async run(): Promise<FlightRecord> {
    const { args, flags } = await this.parse(ActivatePrimary);
    await confirmOrNeedYes(`Give ACTIVE of ${args.pool} back to its PRIMARY?`, flags.yes, 'activate-primary');
    const statement = switchStatement('ACTIVATE PRIMARY', args.pool, switchOptions(flags));
    return withAdmin(flags.config, (client) => fly(this, client, statement, flags.config));
  }
}
