import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { type AccountTrial, discover, greetingOf, systemClock } from '@myswitch/orchestrator';
import { BaseCommand } from '../base-command';
import { requireStart } from '../discovery/answered';
import { type Answers, collectNames, collectPasswords } from '../discovery/answers';
import { Env } from '../discovery/environment';
import { proposeConfig } from '../discovery/propose';
import { accountStatements, describeTrials, refusedStart, type Trials, tryOn } from '../discovery/trials';
import { mayWriteOver, writeConfig } from '../discovery/write';
import { CliError } from '../errors';
import { ExitCode } from '../exit-codes';
import { describeDiscovery } from '../output/tree';
import { ask, onTerminal } from '../terminal';

/** As long as discovery waits for a server. */
const GREETING_MS = 5000;

interface Initialised {
  readonly file: string;
  readonly accounts: readonly AccountTrial[];
  /** Environment variables that `start` needs. */
  readonly environment: readonly string[];
}

export default class Init extends BaseCommand {
  static override summary = 'find the servers, check the accounts by using them, and write the configuration';
  static override description =
    'What is not given is asked for on a terminal. Passwords: a file, or the environment variables ' +
    `${Object.values(Env).join(', ')}.`;
  static override args = {
    server: Args.string({ name: 'HOST:PORT', description: 'any server of the replication tree' }),
  };
  static override flags = {
    pool: Flags.string({ summary: 'name of the pool', default: 'main', helpValue: 'POOL' }),
    listen: Flags.string({ summary: 'where applications will connect', helpValue: 'HOST:PORT' }),
    'control-user': Flags.string({ summary: 'the account that monitors and switches', helpValue: 'USER' }),
    'control-password-file': Flags.string({ summary: 'file with its password', helpValue: 'FILE' }),
    'replication-user': Flags.string({ summary: 'the account that replicas log in with', helpValue: 'USER' }),
    'replication-password-file': Flags.string({ summary: 'file with its password', helpValue: 'FILE' }),
    'admin-password-file': Flags.string({ summary: "file with the admin port's password", helpValue: 'FILE' }),
    yes: Flags.boolean({ char: 'y', summary: 'write over a file that is there' }),
  };

  async run(): Promise<Initialised> {
    const { args, flags } = await this.parse(Init);
    const file = flags.config;
    const over = await mayWriteOver(file, flags.yes);
    const names = await collectNames(args.server, flags);
    const statements = accountStatements(names.accounts, await greetingOf(names.server, GREETING_MS, systemClock));
    // before they are asked for: passwords are to be chosen then
    if (onTerminal()) this.logToStderr(statements);
    const answers = await collectPasswords(names, flags);
    for (;;) {
      const trials = await this.#try(answers, statements);
      const failed = trials.accounts.filter(({ ok }) => !ok);
      if (failed.length === 0) return this.#write(file, over, answers, trials);
      const told = describeTrials(failed);
      if (!onTerminal()) throw new CliError('ACCOUNTS', ExitCode.REFUSED, told, suggestions(failed));
      this.logToStderr([told, ...suggestions(failed).map((statement) => `  ${statement};`)].join('\n'));
      await ask('Mend it and press Enter to try again, or end with Ctrl-D: ');
    }
  }

  async #try({ server, control, replication }: Answers, statements: string): Promise<Trials> {
    const found = await discover(server, control, replication, systemClock);
    const refused = refusedStart(found);
    // on a terminal the accounts may yet be made
    if (refused !== null && onTerminal()) return { found, accounts: [refused] };
    requireStart(found, [statements]);
    this.log(describeDiscovery(found));
    return { found, accounts: await tryOn(found, { control, replication, schema: 'myswitch' }) };
  }

  #write(file: string, over: boolean, answers: Answers, { found, accounts }: Trials): Initialised {
    const { pool, listen, control, replication, admin } = answers;
    const text = proposeConfig(found, {
      pool,
      listen,
      control: { user: control.user, password: control.from },
      replication: { user: replication.user, password: replication.from },
      admin: admin.from,
    });
    writeConfig(file, text, over);
    const environment = [control, replication, admin].flatMap(({ from }) => ('env' in from ? [from.env] : []));
    this.log(`wrote ${file}`);
    if (environment.length > 0) this.log(`before \`myswitch start\`, set ${environment.join(', ')}`);
    return { file, accounts, environment };
  }
}

const suggestions = (failed: readonly AccountTrial[]): string[] => [...new Set(failed.flatMap(({ grants }) => grants))];
