import * as Args from '@oclif/core/args';
import type { NodeReport } from '@myswitch/orchestrator';
import { quoteString } from '@myswitch/protocol';
import { withAdmin } from '../admin/client';
import { nodeReport } from '../admin/rows';
import { BaseCommand } from '../base-command';
import { describeNodes } from '../output/reports';

export default class Poll extends BaseCommand {
  static override summary = 'poll every node of a pool now, which counts for the ladder, and show them';
  static override args = { pool: Args.string({ name: 'POOL', required: true }) };

  async run(): Promise<{ nodes: NodeReport[] }> {
    const { args, flags } = await this.parse(Poll);
    const rows = await withAdmin(flags.config, (client) => client.query(`POLL POOL ${quoteString(args.pool)}`));
    const nodes = rows.map(nodeReport);
    this.log(describeNodes(nodes));
    return { nodes };
  }
}
