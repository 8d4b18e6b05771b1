import * as Args from '@oclif/core/args';
import { quoteString } from '@myswitch/protocol';
import { withAdmin } from '../admin/client';
import { BaseCommand } from '../base-command';

export default class Report extends BaseCommand {
  static override summary = 'tell in one line how a node stands: STATUS/STATE (TYPE), such as OK/ACTIVE (PRIMARY)';
  static override args = { node: Args.string({ name: 'NODE', required: true }) };

  async run(): Promise<{ node: string; report: string }> {
    const { args, flags } = await this.parse(Report);
    const [row] = await withAdmin(flags.config, (client) => client.query(`REPORT NODE ${quoteString(args.node)}`));
    const report = String(row?.['report']);
    this.log(report);
    return { node: args.node, report };
  }
}
