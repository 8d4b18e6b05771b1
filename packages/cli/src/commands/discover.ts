import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { discover, type Discovery, systemClock } from '@myswitch/orchestrator';
import { BaseCommand } from '../base-command';
import { tcpEndpoint } from '../config';
import { requireStart } from '../discovery/answered';
import { proposeConfig } from '../discovery/propose';
import { mayWriteOver, writeConfig } from '../discovery/write';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';
import { describeDiscovery } from '../output/tree';
import { givenPassword } from '../passwords';

export default class Discover extends BaseCommand {
  static override summary = 'find the replication tree around any one server, and what is wrong with it';
  static override args = {
    server: Args.string({ name: 'HOST:PORT', required: true, description: 'any server of the tree' }),
  };
  static override flags = {
    user: Flags.string({ summary: 'log in to every server as', default: 'myswitch', helpValue: 'USER' }),
    'password-file': Flags.string({
      summary: 'file with its password; else $MYSWITCH_DISCOVER_PASSWORD, else it is asked for',
      helpValue: 'FILE',
    }),
    write: Flags.string({ summary: 'make a configuration file of what was found', helpValue: 'FILE' }),
    yes: Flags.boolean({ char: 'y', summary: 'write over a file that is there' }),
  };

  async run(): Promise<Discovery> {
    const { args, flags } = await this.parse(Discover);
    const start = tcpEndpoint(args.server);
    if (start === null) {
      throw new CliError('USAGE', ExitCode.USAGE, `"${args.server}" is not an address such as db1.example.com:3306`);
    }
    const over = flags.write !== undefined && (await mayWriteOver(flags.write, flags.yes));
    const { value: password } = await givenPassword(
      `the password of ${flags.user}`,
      'password-file',
      flags['password-file'],
      'MYSWITCH_DISCOVER_PASSWORD',
    );
    const found = await discover(start, { user: flags.user, password }, null, systemClock);
    requireStart(found);
    this.log(describeDiscovery(found));
    if (flags.write !== undefined) {
      writeConfig(flags.write, proposeConfig(found), over);
      this.logToStderr(`wrote ${flags.write}: look it over, and set the environment variables that it names`);
    }
    return found;
  }
}
