import { BaseCommand } from '../base-command';
import { loadServerConfig } from '../config';
import { ExitCode } from '../exit-codes';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export default class Start extends BaseCommand {
  static override summary = 'run MySwitch in the foreground; prints `ready` once every listener accepts';
  static override enableJsonFlag = false;

  /** Whatever a part left behind must not keep the process. */
  override async finally(thrown: Error | undefined): Promise<void> {
    await super.finally(thrown);
    process.exit();
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Start);
    const config = loadServerConfig(flags.config, process.env);
    // the other commands need none of this
    const [{ createLog }, { realParts }, { serve }] = await Promise.all([
      import('../start/log.js'),
      import('../start/real-parts.js'),
      import('../start/serve.js'),
    ]);
    const log = createLog();
    const signalled = firstSignal();
    const stop = await serve(config, realParts, log);
    process.stdout.write('ready\n');
    const signal = await signalled;
    log('info', 'stopping', { signal });
    await stop();
    log('info', 'stopped');
  }
}

/** Resolves with the first signal to stop; a second one does not wait for anything. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stopping = false;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (stopping) process.exit(ExitCode.INTERNAL);
        stopping = true;
        resolve(signal);
      });
    }
  });
}
