import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { RejoinReport } from '@myswitch/orchestrator';
import { quoteString } from '@myswitch/protocol';
import { withAdmin } from '../admin/client';
import { BaseCommand } from '../base-command';
import { confirmByName, confirmOrNeedYes, needsYes } from '../confirm';
import { askRebuild, flyRejoin } from '../fly';

export default class Rejoin extends BaseCommand {
  static override summary = 'make an old primary that is back follow the ACTIVE';
  static override args = {
    node: Args.string({ name: 'NODE', required: true }),
    pool: Args.string({ name: 'POOL' }),
  };
  static override flags = {
    rebuild: Flags.boolean({ summary: 'copy a healthy node over it first: all its data are destroyed' }),
    yes: Flags.boolean({
      char: 'y',
      summary: 'ask no question; with --rebuild on a terminal the name of the node has to be typed all the same',
    }),
  };

  async run(): Promise<RejoinReport> {
    const { args, flags } = await this.parse(Rejoin);
    const { node, pool } = args;
    const where = pool === undefined ? '' : ` POOL ${quoteString(pool)}`;
    const statement = `REJOIN NODE ${quoteString(node)}${where}`;
    if (flags.rebuild) return this.#rebuild(node, statement, flags.yes, flags.config);
    await confirmOrNeedYes(`Make ${node} follow the ACTIVE of its pool?`, flags.yes, 'rejoin');
    return withAdmin(flags.config, (client) => flyRejoin(this, client, statement, flags.config));
  }

  /** Shows what is destroyed before it asks. */
  #rebuild(node: string, statement: string, yes: boolean, config: string): Promise<RejoinReport> {
    const terminal = process.stdin.isTTY && process.stdout.isTTY;
    if (!terminal && !yes) throw needsYes('rejoin --rebuild');
    return withAdmin(config, async (client) => {
      if (terminal) {
        const { report, asks } = await askRebuild(this, client, `${statement} REBUILD`, config);
        if (!asks) return report;
        await confirmByName(`All data of ${node} will be destroyed, and ${report.donor ?? '?'} copied over it.`, node);
      }
      return flyRejoin(this, client, `${statement} REBUILD CONFIRM ${quoteString(node)}`, config);
    });
  }
}
